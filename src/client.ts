// Everything that talks to identity endpoints and vaults, in a file of its own: a blocking start leaves that to its
// thread, and loads it here some seconds later for the refreshes.
export { createVaultClient } from './vault/client.js';
