import 'vaultstrap/register';
import './frameworks.mjs';
import './app.cjs';
