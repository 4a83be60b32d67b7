// The usual code: ManagedIdentityCredential, a SecretClient for each vault, Promise.all (or one after another).
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { vaultOptions } from './local.mjs';

const count = Number(process.env.BENCH_SECRETS);
const vaults = Number(process.env.BENCH_VAULTS);
const credential = new ManagedIdentityCredential();
const clients = Array.from(
  { length: vaults },
  (_, i) => new SecretClient(`https://shop${i}.vault.azure.net`, credential, vaultOptions),
);
const read = async (_, i) => {
  process.env[`S${i}`] = (await clients[i % vaults].getSecret(`s${i}`)).value;
};
const all = Array.from({ length: count });
if (process.env.BENCH_SERIAL) for (const [i, one] of all.entries()) await read(one, i);
else await Promise.all(all.map(read));
await import('./app.cjs');
