// import 'vaultstrap/start': begins in a thread of its own and returns within milliseconds; the settings are
// missing until 'vaultstrap/register' joins.
import { readEnvironment } from './settings/environment.js';
import { hasWork } from './startup/quick-look.js';

if (hasWork(readEnvironment())) (require('./index.js') as typeof import('./index.js')).start();
