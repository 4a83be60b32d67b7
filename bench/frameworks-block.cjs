require('vaultstrap/register');
require('./frameworks.cjs');
require('./app.cjs');
