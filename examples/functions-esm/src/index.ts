import 'vaultstrap/register';
import { registerRotation } from 'vaultstrap/functions';

// An instance that was frozen catches up at its next invocation, and waits when its values are older than this.
registerRotation({ maxAgeSeconds: 600 });
