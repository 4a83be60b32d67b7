// examples/certificate over TLS: the certificate is renewed while clients connect, and no connection fails.
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { createServerCertificate, type ServerCertificate } from '../../src/testing/server/certificate.js';
import { until } from '../helpers/until.js';
import { plant } from '../process/support/canary.js';
import { type ExampleApp, startExample } from './support/app.js';

let azure: Emulator;
let app: ExampleApp | undefined;
const made: ServerCertificate[] = [];

beforeAll(async () => {
  azure = await startEmulator({ vaults: { shop: {} } });
});
afterAll(() => azure?.close());
afterEach(async () => {
  await app?.stop();
});

/** As Key Vault gives one: the chain, and the key behind it or before it. */
async function renew(keyFirst: boolean): Promise<void> {
  const next = createServerCertificate(['localhost'], Date.now());
  made.push(next);
  const parts = [`${next.certificate}${next.caCertificate}`, plant(next.key)];
  const pem = (keyFirst ? parts.reverse() : parts).join('');
  await azure.vault('shop').set('www', { value: 'MIIJ', contentType: 'application/x-pkcs12', pem });
}

/** Which of the certificates a new connection gets, verified against its own authority; -1 is an old one. */
async function shown(): Promise<number> {
  const port = Number(new URL(app?.url('/') ?? '').port);
  const ca = made.map(({ caCertificate }) => caCertificate);
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
  try {
    await once(socket, 'secureConnect');
    const raw = socket.getPeerX509Certificate()?.toString().trim();
    return made.findIndex(({ certificate }) => certificate.trim() === raw);
  } finally {
    socket.destroy();
  }
}

test('a renewed certificate is shown to whoever connects next', async () => {
  await renew(false);
  app = await startExample('certificate', {
    ...azure.env,
    TLS_FILE: '@KeyVault(VaultName=shop;SecretName=www;Format=pem;File=true)',
    VAULTSTRAP_REFRESH_SECONDS: '1',
  });
  expect(await shown()).toBe(0);
  for (const [index, keyFirst] of [true, false].entries()) {
    await renew(keyFirst);
    // Every look is a connection, and one that fails fails the test.
    await until(async () => (await shown()) === index + 1);
  }
});

test('it refuses to start without its certificate, and says so', async () => {
  await azure.vault('shop').set('www', 'no certificate');
  await expect(
    startExample('certificate', {
      ...azure.env,
      TLS_FILE: '@KeyVault(VaultName=shop;SecretName=www;Format=pem;File=true)',
    }),
  ).rejects.toThrow(/TLS_FILE: OtherReasons \(ERR_FORMAT\): secret 'www' in vault 'shop' is not PEM/);
  app = undefined;
});
