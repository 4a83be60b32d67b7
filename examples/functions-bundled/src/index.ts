import 'vaultstrap/register';
import './functions/price.js';
