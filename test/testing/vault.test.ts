import { createPrivateKey, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { ask, askVault } from './client.js';

let azure: Emulator;
let token: string;
const get = (path: string, host?: string) => askVault(azure, path, { token, ...(host === undefined ? {} : { host }) });
const send = (method: string, path: string, body: unknown) =>
  askVault(azure, path, {
    token,
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });

beforeAll(async () => {
  azure = await startEmulator({
    vaults: {
      shop: {
        'db-password': 's3cret',
        certificate: {
          value: 'pem',
          contentType: 'application/x-pem-file',
          tags: { team: 'a' },
          expiresOn: new Date(2e12),
        },
        constructor: 'also a name',
      },
      other: {},
    },
  });
});
afterAll(() => azure.close());
afterEach(() => azure.reset());
beforeAll(async () => {
  token = await azure.tokens.issue();
});

describe('a certificate', () => {
  const PEM = 'outContentType=application/x-pem-file';
  const at = (query: string, name = 'tls') => askVault(azure, `/secrets/${name}?${query}`, { token });

  beforeEach(() =>
    azure.vault('shop').set('tls', { value: 'MIIpfx', contentType: 'application/x-pkcs12', pem: '-----BEGIN X-----' }),
  );

  test('is converted when asked, by versions that know how', async () => {
    for (const version of ['2025-06-01-preview', '2025-07-01', '2026-04-01']) {
      const { json } = await at(`api-version=${version}&${PEM}`);
      expect(json).toMatchObject({ value: '-----BEGIN X-----', contentType: 'application/x-pem-file' });
    }
    for (const query of [
      `api-version=7.4&${PEM}`,
      'api-version=2025-07-01',
      'api-version=2025-07-01&outContentType=application/x-pkcs12',
    ]) {
      expect((await at(query)).json).toMatchObject({ value: 'MIIpfx', contentType: 'application/x-pkcs12' });
    }
  });

  test('and nothing else is', async () => {
    expect((await at(`api-version=2025-07-01&${PEM}`, 'db-password')).json.value).toBe('s3cret');
    expect((await at(`api-version=2025-07-01&${PEM}`, 'certificate')).json.value).toBe('pem');
    const { status, json } = await at('api-version=2025-07-01&outContentType=text/plain');
    expect([status, json.error.code]).toEqual([400, 'BadParameter']);
  });

  test('is made on request, for localhost, with its key', async () => {
    await azure.vault('shop').set('tls', { value: '', pem: 'self-signed' });
    const { json } = await at(`api-version=2025-07-01&${PEM}`);
    const certificate = new X509Certificate(json.value);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkPrivateKey(createPrivateKey(json.value))).toBe(true);
  });

  test('is given back whole to an administrator, and its other form is checked as values are', async () => {
    expect(await azure.vault('shop').get('tls')).toMatchObject({ value: 'MIIpfx', pem: '-----BEGIN X-----' });
    await expect(azure.vault('shop').set('tls', { value: 'x', pem: 1 as never })).rejects.toThrow('"value.pem"');
  });
});

describe('reading', () => {
  test('the newest version, with or without a trailing slash and in any case', async () => {
    const { status, json, headers } = await get('/secrets/db-password');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(json).toEqual({
      value: 's3cret',
      id: expect.stringMatching(/^https:\/\/shop\.vault\.azure\.net\/secrets\/db-password\/[0-9a-f]{32}$/),
      attributes: {
        enabled: true,
        created: expect.any(Number),
        updated: expect.any(Number),
        recoveryLevel: 'Recoverable+Purgeable',
        recoverableDays: 90,
      },
    });
    expect((await get('/secrets/db-password/')).json).toEqual(json);
    expect((await get('/SECRETS/DB-Password')).json).toEqual(json);
    expect((await get('/secrets/constructor')).json.value).toBe('also a name');
  });

  test('content type, tags and dates', async () => {
    const { json } = await get('/secrets/certificate');
    expect(json).toMatchObject({
      contentType: 'application/x-pem-file',
      tags: { team: 'a' },
      attributes: { exp: 2e9 },
    });
  });

  test('one version', async () => {
    const [old] = await azure.vault('shop').versions('db-password');
    const { version } = await azure.vault('shop').set('db-password', 'new');
    expect((await get('/secrets/db-password')).json.id).toContain(version);
    expect((await get(`/secrets/db-password/${version.toUpperCase()}`)).json.value).toBe('new');
    expect((await get(`/secrets/db-password/${old?.version}/`)).json.value).toBe('s3cret');
    expect((await get(`/secrets/db-password/${'0'.repeat(32)}`)).json.error.code).toBe('SecretNotFound');
  });

  test('what does not exist', async () => {
    const missing = await get('/secrets/nothing');
    expect(missing.status).toBe(404);
    expect(missing.json.error.code).toBe('SecretNotFound');
  });

  test('disabled versions', async () => {
    const shop = azure.vault('shop');
    const [old] = await shop.versions('db-password');
    await shop.set('db-password', 'new');
    await shop.disable('db-password');
    const refused = await get('/secrets/db-password');
    expect(refused.status).toBe(403);
    expect(refused.json.error).toMatchObject({ code: 'Forbidden', innererror: { code: 'SecretDisabled' } });
    expect((await get(`/secrets/db-password/${old?.version}`)).status).toBe(200);
    await shop.enable('db-password');
    expect((await get('/secrets/db-password')).json.value).toBe('new');
  });

  test('a vault that does not exist answers as no vault does, and says to people what there is', async () => {
    for (const host of ['nowhere.vault.azure.net', 'localhost', '127.0.0.1:8443']) {
      const { status, json, text, headers } = await get('/secrets/db-password', host);
      expect([status, json, headers['content-type']]).toEqual([404, undefined, 'text/plain']);
      expect(text).toContain('it has: shop, other.');
    }
  });

  test('every reply can be told from the others, and names the request that it answers', async () => {
    const headers = { 'x-ms-client-request-id': 'request-1' };
    const [first, second] = [
      await askVault(azure, '/secrets/db-password', { token, headers }),
      await askVault(azure, '/secrets/nothing', { headers }),
    ];
    for (const one of [first, second]) {
      expect(one.headers).toMatchObject({
        'x-ms-client-request-id': 'request-1',
        'x-ms-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
    }
    expect(first.headers['x-ms-request-id']).not.toBe(second.headers['x-ms-request-id']);
  });

  test('the host as requested is in the id, whatever the cloud', async () => {
    const resource = 'https://vault.azure.cn';
    const china = await askVault(azure, '/secrets/db-password', {
      token: await azure.tokens.issue({ resource }),
      host: 'Shop.vault.azure.cn',
    });
    expect(china.json.id).toMatch(/^https:\/\/Shop\.vault\.azure\.cn\/secrets/);
  });

  test.each([
    ['', 400],
    ['?api-version=', 400],
    ['?api-version=latest', 400],
    ['?api-version=7.6-preview.2', 200],
    ['?api-version=2026-04-01', 200],
    ['?api-version=2026-05-01-preview', 200],
  ])('api-version %j is %i', async (query, status) => {
    const answer = await ask(`${azure.vaultEndpoint}/secrets/db-password${query}`, {
      ca: azure.caCertificate,
      headers: { Host: 'shop.vault.azure.net', Authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json.error.code).toBe('BadParameter');
  });

  test('paths and methods that mean nothing', async () => {
    expect((await get('/nothing/a')).status).toBe(404);
    expect((await get('/secrets/a/b/c')).status).toBe(404);
    expect((await send('POST', '/secrets/db-password', {})).status).toBe(405);
    expect((await send('PUT', '/secrets', {})).status).toBe(405);
    expect((await get('/secrets/no_such%20name')).json.error.code).toBe('BadParameter');
  });
});

test.each(['/keys/a', '/deletedkeys', '/certificates', '/certificates/a/pending', '/storage'])(
  'what is not emulated says so: %s',
  async (path) => {
    const { status, json } = await get(path);
    expect([status, json.error.code]).toEqual([501, 'NotImplemented']);
    expect(json.error.message).toMatch(/secrets only, no (keys|certificates|storage)\.$/);
  },
);

describe('writing', () => {
  test('PUT makes the current version', async () => {
    const { status, json } = await send('PUT', '/secrets/fresh', {
      value: 'v',
      tags: { a: 'b' },
      attributes: { exp: 5 },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ value: 'v', tags: { a: 'b' }, attributes: { enabled: true, exp: 5 } });
    expect((await get('/secrets/fresh')).json.id).toBe(json.id);
    expect(await azure.vault('shop').secrets()).toContain('fresh');
  });

  test('PATCH changes attributes, never the value', async () => {
    const { json } = await get('/secrets/db-password');
    const path = new URL(json.id).pathname;
    const updated = await send('PATCH', path, {
      attributes: { enabled: false },
      contentType: 'text',
      value: 'no',
    });
    expect(updated.json).toMatchObject({ id: json.id, contentType: 'text', attributes: { enabled: false } });
    expect(updated.json).not.toHaveProperty('value');
    await send('PATCH', path, { attributes: { enabled: true } });
    expect((await get('/secrets/db-password')).json).toMatchObject({ value: 's3cret', contentType: 'text' });
  });

  test('PATCH without a version changes the newest', async () => {
    const [old] = await azure.vault('shop').versions('db-password');
    const { version } = await azure.vault('shop').set('db-password', 'new');
    for (const path of ['/secrets/db-password', '/secrets/db-password/']) {
      const { status, json } = await send('PATCH', path, { attributes: { enabled: false } });
      expect([status, json.id]).toEqual([200, expect.stringContaining(`/db-password/${version}`)]);
    }
    const versions = await azure.vault('shop').versions('db-password');
    expect(versions.map((one) => [one.version, one.enabled])).toEqual([
      [old?.version, true],
      [version, false],
    ]);
    expect((await send('PATCH', '/secrets/nothing', {})).json.error.code).toBe('SecretNotFound');
  });

  test('malformed bodies name the member and repeat nothing', async () => {
    const canary = 'canary-value';
    for (const body of [`{"value":"${canary}"`, `["${canary}"]`, `{"value":{"a":"${canary}"}}`, '{}']) {
      const answer = await askVault(azure, '/secrets/fresh', { token, method: 'PUT', body });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(canary);
    }
    expect((await send('PUT', '/secrets/fresh', { value: 'x'.repeat(25_601) })).status).toBe(400);
    expect((await send('PUT', '/secrets/fresh', { value: 'x', attributes: { exp: 'soon' } })).status).toBe(400);
    expect((await send('PUT', '/secrets/fresh', { value: 'x'.repeat(300_000) })).status).toBe(413);
  });

  test('soft delete, recover, purge', async () => {
    const deleted = await send('DELETE', '/secrets/db-password', undefined);
    expect(deleted.json).toMatchObject({
      recoveryId: 'https://shop.vault.azure.net/deletedsecrets/db-password',
      deletedDate: expect.any(Number),
      scheduledPurgeDate: expect.any(Number),
    });
    expect(deleted.json).not.toHaveProperty('value');
    expect((await get('/secrets/db-password')).status).toBe(404);
    expect((await get('/deletedsecrets/db-password')).json).toEqual(deleted.json);
    expect((await get('/deletedsecrets')).json.value).toHaveLength(1);
    expect((await send('PUT', '/secrets/db-password', { value: 'x' })).json.error.innererror.code).toBe(
      'ObjectIsDeletedButRecoverable',
    );
    expect((await send('POST', '/deletedsecrets/db-password/recover', undefined)).status).toBe(200);
    expect((await get('/secrets/db-password')).json.value).toBe('s3cret');
    await send('DELETE', '/secrets/db-password', undefined);
    expect((await send('DELETE', '/deletedsecrets/db-password', undefined)).status).toBe(204);
    expect((await send('DELETE', '/deletedsecrets/db-password', undefined)).status).toBe(404);
    expect((await send('PUT', '/secrets/db-password', { value: 'x' })).status).toBe(200);
  });
});

describe('lists', () => {
  test('pages of secrets without values, following nextLink', async () => {
    const shop = azure.vault('shop');
    for (let i = 10; i < 62; i++) await shop.set(`s${i}`, 'canary-value');
    const names: string[] = [];
    let next: string | null = '/secrets?maxresults=20';
    let pages = 0;
    while (next !== null) {
      const { json, text } = await get(next);
      expect(text).not.toContain('canary-value');
      names.push(...json.value.map((item: { id: string }) => new URL(item.id).pathname));
      pages += 1;
      next = json.nextLink?.replace('https://shop.vault.azure.net', '') ?? null;
    }
    expect(pages).toBe(3);
    expect(new Set(names).size).toBe(55);
    expect(names).toContain('/secrets/s61');
    expect((await get('/secrets')).json.value).toHaveLength(25);
    expect((await get('/secrets?maxresults=26')).status).toBe(400);
    expect((await get('/secrets?maxresults=0')).status).toBe(400);
  });

  test('versions', async () => {
    const { version } = await azure.vault('shop').set('db-password', 'new');
    const { json } = await get('/secrets/db-password/versions');
    expect(json.value).toHaveLength(2);
    expect(json.value.map((item: { id: string }) => item.id)).toContain(
      `https://shop.vault.azure.net/secrets/db-password/${version}`,
    );
    const page = await get('/secrets/db-password/versions?maxresults=1');
    expect(page.json.nextLink).toMatch(
      /^https:\/\/shop\.vault\.azure\.net\/secrets\/db-password\/versions\?api-version=7\.4/,
    );
    // As the service does: none, not an error.
    expect((await get('/secrets/nothing/versions')).json).toEqual({ value: [], nextLink: null });
  });
});

describe('authentication', () => {
  const challenge = (resource: string) =>
    `Bearer authorization="https://login.windows.net/${azure.tenantId}", resource="${resource}"`;

  test('without a token: the challenge', async () => {
    const { status, json, headers } = await askVault(azure, '/secrets/db-password');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(challenge('https://vault.azure.net'));
    expect(json).toEqual({
      error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
    });
  });

  test('each bad token has its own message, and none is repeated', async () => {
    const wrongAudience = await azure.tokens.issue({ resource: 'https://management.azure.com' });
    await azure.tokens.configure({ lifeSeconds: 60 });
    const expired = await azure.tokens.issue();
    await azure.clock.advance(60_000);
    const foreign = `a.${Buffer.from('{"iss":"https://sts.windows.net/x/"}').toString('base64url')}.c`;
    const messages = [];
    for (const bad of ['opaque', foreign, wrongAudience, expired]) {
      const { status, json, text, headers } = await askVault(azure, '/secrets/db-password', { token: bad });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe(`${challenge('https://vault.azure.net')}, error="invalid_token"`);
      expect(text).not.toContain(bad);
      messages.push(json.error.message);
    }
    expect(messages).toEqual([
      expect.stringContaining('Error reading token'),
      expect.stringContaining('Invalid issuer'),
      expect.stringContaining(
        'Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com',
      ),
      expect.stringContaining('expired'),
    ]);
    expect((await azure.requests()).every((request) => !request.authorized && request.status === 401)).toBe(true);
  });

  test('a token of another cloud', async () => {
    const { status, headers } = await askVault(azure, '/secrets/db-password', {
      token,
      host: 'shop.vault.usgovcloudapi.net',
    });
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toContain('resource="https://vault.usgovcloudapi.net"');
  });

  test('a name that belongs to no cloud takes a token of any', async () => {
    expect(
      (
        await askVault(azure, '/secrets/db-password', {
          token,
          host: 'shop.internal.example',
          headers: {},
        }).catch((e) => e)
      ).code,
    ).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const own = await startEmulator({
      vaults: { shop: { a: 'b' } },
      hostNames: ['*.internal.example', '10.0.0.1'],
    });
    const answer = await askVault(own, '/secrets/a', {
      token: await own.tokens.issue(),
      host: 'shop.internal.example',
    });
    expect(answer.json.id).toMatch(/^https:\/\/shop\.internal\.example\/secrets\/a\//);
    await own.close();
  });
});

test('the certificate authority', () => {
  const certificate = new X509Certificate(azure.caCertificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(azure.caCertificate).not.toContain('PRIVATE');
});

test('the server certificate covers every cloud, localhost and both loopbacks', async () => {
  const port = Number(new URL(azure.vaultEndpoint).port);
  for (const servername of [
    'shop.vault.azure.net',
    'shop.vault.azure.cn',
    'shop.vault.usgovcloudapi.net',
    'localhost',
  ]) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: azure.caCertificate }, () => {
        expect(socket.getPeerCertificate().subjectaltname).toContain('IP Address:0:0:0:0:0:0:0:1');
        expect(socket.getPeerCertificate().subjectaltname).toContain('IP Address:127.0.0.1');
        socket.end(resolve);
      }).on('error', reject);
    });
  }
});
