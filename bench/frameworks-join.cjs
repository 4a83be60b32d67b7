require('vaultstrap/start');
require('./frameworks.cjs');
require('vaultstrap/register');
require('./app.cjs');
