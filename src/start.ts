// import 'vaultstrap/start': begins in a thread of its own and returns within milliseconds; the settings are
// missing until 'vaultstrap/register' joins.
import { readEnvironment } from './settings/environment.js';
import { mustStart } from './startup/quick-look.js';

if (mustStart(readEnvironment())) (require('./index.js') as typeof import('./index.js')).start();
