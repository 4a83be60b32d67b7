// import 'vaultstrap/start': begins in a thread of its own and returns within milliseconds; the settings are
// missing until 'vaultstrap/register' joins.
import { liveEnvironment } from './settings/environment.js';
import { openEarly } from './startup/early-worker.js';
import { mustStart } from './startup/quick-look.js';

const live = liveEnvironment();
if (mustStart(live)) {
  const worker = openEarly(live);
  const { startEarly } = require('./index.js') as typeof import('./index.js');
  startEarly(worker);
}
