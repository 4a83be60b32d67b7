// Start, 300 ms of other modules (busy, as loading is), join.
require('vaultstrap/start');
require('./modules.cjs');
require('vaultstrap/register');
require('./app.cjs');
