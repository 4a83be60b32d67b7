// node --import vaultstrap/preload: waits without a worker thread, before the program begins. An ES module
// with a top-level await, which nothing else of ours has.
import { liveEnvironment } from './settings/environment.js';
import { mustStart } from './startup/quick-look.js';

if (mustStart(liveEnvironment())) {
  // By the way of the process, where Node is new enough: `import 'node:module'` would build a list of all its exports.
  const { createRequire } = process.getBuiltinModule?.('node:module') ?? (await import('node:module'));
  const require = createRequire(import.meta.url);
  await (require('./index.cjs') as typeof import('./index.js')).preload();
}
