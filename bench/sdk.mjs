// The usual code: ManagedIdentityCredential, SecretClient, Promise.all (or one after another).
import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

const count = Number(process.env.BENCH_SECRETS);
const endpoint = new URL(process.env.VAULTSTRAP_VAULT_ENDPOINT);
// What users do not need: their vault has a name, this one an address.
const toLocalVault = {
  name: 'toLocalVault',
  async sendRequest(request, next) {
    const { url } = request;
    const target = new URL(url);
    request.headers.set('Host', target.host);
    target.host = endpoint.host;
    request.url = target.href;
    return next(request).finally(() => {
      request.url = url;
    });
  },
};
const client = new SecretClient('https://shop.vault.azure.net', new ManagedIdentityCredential(), {
  tlsOptions: { ca: process.env.VAULTSTRAP_VAULT_CA },
  additionalPolicies: [{ policy: toLocalVault, position: 'perRetry' }],
});
const names = Array.from({ length: count }, (_, i) => `s${i}`);
const read = async (name, i) => {
  process.env[`S${i}`] = (await client.getSecret(name)).value;
};
if (process.env.BENCH_SERIAL) for (const [i, name] of names.entries()) await read(name, i);
else await Promise.all(names.map(read));
await import('./app.cjs');
