// The blocking import, in an ES module: a static sibling behind it sees values.
import 'vaultstrap/register';
import './app.cjs';
