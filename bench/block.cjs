require('vaultstrap/register');
require('./app.cjs');
