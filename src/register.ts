// import 'vaultstrap/register': blocks until every reference has its value. No top-level await: a static
// sibling of this import would be evaluated while it is pending, and require() would refuse the module.
import { liveEnvironment } from './settings/environment.js';
import { openEarly } from './startup/early-worker.js';
import { hasReferences, mustStart } from './startup/quick-look.js';

const live = liveEnvironment();
// Loaded only now, and synchronously: most processes have nothing to resolve. What vaultstrap/start began shows by the
// state of the process (slot.ts) alone: it has taken the references out of the environment.
if (Symbol.for('vaultstrap/1') in globalThis || mustStart(live)) {
  const worker = openEarly(live);
  const { register } = require('./index.js') as typeof import('./index.js');
  register(worker);
}

// What dotenv has brought meanwhile. Not by a timer, which would have to be there, and be real.
process.nextTick(() => {
  if (hasReferences(live) && mustStart(live)) require('./late.js');
});
