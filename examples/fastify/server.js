require('vaultstrap/register');
const { buildApp } = require('./app.js');

buildApp({ logger: true }).listen({ host: '0.0.0.0', port: Number(process.env.PORT ?? 3000) });
