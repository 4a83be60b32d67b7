// Whom a start trusts: what the process was told to trust, in the blocking start's thread, too.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Emulator } from '../../src/testing/index.js';
import { type App, createApp, type Env, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const password = canary('password');
let azure: Emulator;
let app: App;
let env: Env;

beforeAll(async () => {
  azure = await startAzure({ vaults: { shop: { password } } });
  app = createApp();
  app.write({
    'ca.pem': azure.caCertificate,
    'app.cjs': "require('vaultstrap/register'); require('./probe.cjs').env('PW');",
  });
  // What OpenSSL's programs trust, and with them Node's `--use-system-ca` on Linux.
  const { VAULTSTRAP_VAULT_CA: _, ...rest } = azure.env;
  env = { ...rest, PW: '@KeyVault(VaultName=shop;SecretName=password)', SSL_CERT_FILE: app.path('ca.pem') };
});
afterAll(() => azure?.close());

/** Behind a proxy that signs TLS anew, as companies have them, the system knows its CA. */
describe.runIf(process.platform === 'linux' && process.allowedNodeEnvironmentFlags.has('--use-system-ca'))(
  'a CA that the system trusts',
  () => {
    test.each<[string, string[], Env]>([
      ['unless Node is told to', [], {}],
      ['when an option takes it back', ['--no-use-system-ca'], { NODE_OPTIONS: '--use-system-ca' }],
      ['when an option outweighs the variable', ['--no-use-system-ca'], { NODE_USE_SYSTEM_CA: '1' }],
    ])('is not trusted %s', async (_name, args, more) => {
      const { code, stderr } = await app.run([...args, 'app.cjs'], {
        env: { ...env, ...more, VAULTSTRAP_TIMEOUT_SECONDS: '5' },
      });
      expect(code).not.toBe(0);
      expect(stderr).toContain('ERR_VAULT_TLS');
      expect(stderr).toContain('NODE_EXTRA_CA_CERTS or --use-system-ca');
    });

    test.each<[string, string[], Env]>([
      ['an option', ['--use-system-ca'], {}],
      ['NODE_OPTIONS', [], { NODE_OPTIONS: '--use-system-ca' }],
      ['an option as V8 writes them', ['--use_system_ca'], {}],
      [
        'an option that is stronger',
        ['--use-system-ca'],
        { NODE_OPTIONS: '--no-use-system-ca', NODE_USE_SYSTEM_CA: '0' },
      ],
      ['NODE_USE_SYSTEM_CA', [], { NODE_USE_SYSTEM_CA: '1' }],
    ])('is by %s', async (_name, args, more) => {
      const { code, stderr, probes } = await app.run([...args, 'app.cjs'], { env: { ...env, ...more } });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(probes).toEqual([{ PW: password }]);
    });
  },
);
