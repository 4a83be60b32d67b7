// Who answers at a vault's address: seen without anything being sent.
import { type AddressInfo, createServer, type Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { lookAt } from '../../../src/cli/doctor/look.js';
import { createServerCertificate } from '../../../src/testing/server/certificate.js';

const HOST = 'shop.vault.azure.net';
const RIGHT = createServerCertificate(['*.vault.azure.net'], Date.now());
const OTHER = createServerCertificate(['*.vault.azure.net'], Date.now());
const ELSEWHERE = createServerCertificate(['*.example.com'], Date.now());

let server: Server | undefined;
let received = '';
afterEach(() => {
  server?.close();
  server = undefined;
  received = '';
});

async function listen(made: Server): Promise<{ address: string; port: number }> {
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { address: '127.0.0.1', port: (made.address() as AddressInfo).port };
}

const vault = ({ key, certificate }: typeof RIGHT) =>
  listen(
    tls.createServer({ key, cert: certificate }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => (received += String(data)));
    }),
  );
const look = async (endpoint: { address: string; port: number }, timeoutMs = 5000) =>
  (await lookAt(HOST, { endpoint, ca: RIGHT.caCertificate, timeoutMs })).tls;

test('a certificate that its authority vouches for', async () => {
  expect(await look(await vault(RIGHT))).toEqual({
    protocol: 'TLSv1.3',
    subject: 'vaultstrap emulator',
    issuer: 'vaultstrap emulator CA',
    validTo: expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
  });
  expect(received).toBe('');
});

test.each([
  ['of another authority', OTHER],
  ['for another name', ELSEWHERE],
])('one %s: told whose it is, and nothing sent to it', async (_, certificate) => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    const seen = await look(await vault(certificate));
    expect(seen).toMatchObject({
      kind: 'tls',
      code: expect.stringMatching(/^[A-Z_]+$/),
      issuer: 'vaultstrap emulator CA',
    });
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
  expect(received).toBe('');
});

describe('nobody there', () => {
  test('nothing listens', async () => {
    const endpoint = await listen(createServer());
    await new Promise((resolve) => server?.close(resolve));
    expect(await look(endpoint)).toMatchObject({ kind: 'network', code: 'ECONNREFUSED' });
  });

  test('somebody who says nothing: the time is bounded', async () => {
    expect(await look(await listen(createServer(() => {})), 200)).toMatchObject({ kind: 'timeout' });
  });

  test('somebody who hangs up', async () => {
    const endpoint = await listen(createServer((socket) => socket.once('data', () => socket.destroy())));
    expect(await look(endpoint)).toMatchObject({ kind: 'network', code: 'ECONNRESET' });
  });

  test('a name that nobody has: no connection is tried', async () => {
    const sight = await lookAt('shop.vault.nowhere.invalid', { timeoutMs: 3000 });
    expect(sight.names).toMatchObject({
      addresses: [],
      error: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN|ETIMEOUT)$/),
    });
    expect(sight.tls).toBeUndefined();
  });
});
