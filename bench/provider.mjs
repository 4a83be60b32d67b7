// @azure/app-configuration-provider with Key Vault references; it resolves them in turn unless told otherwise.
import { load } from '@azure/app-configuration-provider';
import { ManagedIdentityCredential } from '@azure/identity';
import { toLocal, vaultOptions } from './local.mjs';

const credential = new ManagedIdentityCredential();
const settings = await load('https://shop.azconfig.io', credential, {
  replicaDiscoveryEnabled: false,
  clientOptions: {
    tlsOptions: { ca: process.env.BENCH_STORE_CA },
    additionalPolicies: [toLocal(`127.0.0.1:${process.env.BENCH_STORE_PORT}`)],
  },
  keyVaultOptions: {
    credential,
    clientOptions: vaultOptions,
    parallelSecretResolutionEnabled: !process.env.BENCH_SERIAL,
  },
});
for (const [name, value] of settings) process.env[name] = value;
await import('./app.cjs');
