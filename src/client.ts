// Everything that talks to identity endpoints and vaults, in a file of its own: a blocking start leaves that to its
// thread, and loads it here when the first refresh is due.
export { createVaultClient } from './vault/client.js';
