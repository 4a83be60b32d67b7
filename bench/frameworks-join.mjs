import 'vaultstrap/start';
import './frameworks.mjs';
import 'vaultstrap/register';
import './app.cjs';
