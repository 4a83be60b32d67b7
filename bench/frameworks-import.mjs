// `node --import vaultstrap/start` began before the graph of modules was loaded; joined here.
import './frameworks.mjs';
import 'vaultstrap/register';
import './app.cjs';
