// The same instance by the blocking import; the others are preloaded.
import 'vaultstrap/register';
import './instance.mjs';
