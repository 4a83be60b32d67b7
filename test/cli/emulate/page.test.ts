// The page of `vaultstrap emulate`: what it shows, what its forms do, and who may not ask.
import http from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Page as EmulatePage, servePage } from '../../../src/cli/emulate/page.js';
import { type Emulator, startEmulator } from '../../../src/testing/index.js';
import { type Browser, findChromium, openBrowser } from '../../report/support/browser.js';

const VALUE = 'c4n4ry-page-value';
let azure: Emulator;
let page: EmulatePage;
let at: URL;

beforeAll(async () => {
  azure = await startEmulator({
    vaults: { shop: { 'db-password': VALUE, json: `{"user":"${VALUE}","port":5432}` }, empty: {} },
  });
});
afterAll(() => azure.close());
beforeEach(async () => {
  await azure.reset();
  page = await servePage(azure, 0);
  at = new URL(page.url);
});
afterEach(() => page.close());

function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' } = {},
): Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = http.request({ host: '127.0.0.1', port: at.port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  ask(at.pathname, {
    method: 'POST',
    headers: { Origin: at.origin, ...headers },
    body: String(new URLSearchParams(form)),
  });

test('a certificate that is rotated is another certificate', async () => {
  await azure.vault('shop').set('www', { value: VALUE, pem: 'self-signed' });
  const { pem: before } = await azure.vault('shop').get('www');
  expect((await post({ action: 'rotate', vault: 'shop', secret: 'www' })).status).toBe(303);
  const { pem: after } = await azure.vault('shop').get('www');
  expect(after).toMatch(/^-----BEGIN CERTIFICATE-----/);
  expect(after).not.toBe(before);
});

test('names, versions, states, faults and requests; no value', async () => {
  const { version } = await azure.vault('shop').set('db-password', VALUE);
  await azure.vault('shop').disable('json');
  await azure.vault('shop').set('old', VALUE);
  await azure.vault('shop').delete('old');
  await azure.faults.add({ target: 'vault', vault: 'shop', status: 503, times: 2, body: VALUE });
  await fetch(`${azure.identityEndpoint}/<script>`);
  const { status, text, headers } = await ask(at.pathname);

  expect(status).toBe(200);
  for (const shown of [
    'Vault shop',
    'Vault empty',
    'db-password',
    version,
    '2 versions',
    'disabled',
    'deleted',
    'status 503',
    '2 times, applied 0 times',
  ]) {
    expect(text).toContain(shown);
  }
  expect(text).toMatch(/GET \/&lt;script&gt;|GET \/%3Cscript%3E/);
  expect(text).not.toContain(VALUE);
  expect(text).not.toMatch(/<script|https?:\/\/(?!127)/);
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringMatching(
      /^default-src 'none'; style-src 'sha256-[^;]+; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    ),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});

describe('forms', () => {
  const secret = { vault: 'shop', secret: 'db-password' };
  const versions = () => azure.vault('shop').versions('db-password');

  test('rotate, disable, enable, delete, recover', async () => {
    expect(await post({ action: 'rotate', ...secret })).toMatchObject({
      status: 303,
      headers: { location: at.pathname },
    });
    expect(await azure.vault('shop').get('db-password')).toMatchObject({
      value: 'emulated-shop-db-password-2',
      enabled: true,
    });
    await post({ action: 'disable', ...secret });
    expect((await versions()).map(({ enabled }) => enabled)).toEqual([true, false]);
    await post({ action: 'enable', ...secret });
    expect((await versions()).map(({ enabled }) => enabled)).toEqual([true, true]);
    await post({ action: 'delete', ...secret });
    expect(await azure.vault('shop').deletedSecrets()).toEqual(['db-password']);
    await post({ action: 'recover', ...secret });
    expect(await versions()).toHaveLength(2);
  });

  test('a rotated JSON secret keeps its fields', async () => {
    await post({ action: 'rotate', vault: 'shop', secret: 'json' });
    expect(JSON.parse((await azure.vault('shop').get('json')).value)).toEqual({
      user: 'emulated-shop-json-2-1',
      port: 5432,
    });
  });

  test('faults come and go, the log is cleared', async () => {
    await post({ action: 'add-fault', target: 'vault/shop', kind: 'status-503', times: '1' });
    await post({ action: 'add-fault', target: 'identity', kind: 'reset' });
    const faults = await azure.faults.list();
    expect(faults.map(({ fault }) => fault)).toEqual([
      { target: 'vault', vault: 'shop', status: 503, times: 1 },
      { target: 'identity', reset: true },
    ]);
    await post({ action: 'remove-fault', id: String(faults[0]?.id) });
    expect(await azure.faults.list()).toHaveLength(1);
    await azure.faults.clear();
    await fetch(azure.identityEndpoint);
    await post({ action: 'clear-requests' });
    expect(await azure.requests()).toEqual([]);
  });

  test.each([
    [{ action: 'rotate', vault: 'shop', secret: 'gone' }, /vault &quot;shop&quot; has no secret &quot;gone&quot;/],
    [{ action: 'rotate', vault: '<b>', secret: 'x' }, /must be the name of a vault.*&lt;b&gt;/],
    [{ action: 'constructor' }, /There is no such action/],
    [{ action: 'add-fault', kind: 'toString' }, /There is no such fault/],
    [{ action: 'remove-fault', id: 'x' }, /must be an integer/],
  ])('what cannot be done is said on the page: %j', async (form, message) => {
    const { status, text } = await post(form as Record<string, string>);
    expect([status, text]).toEqual([400, expect.stringMatching(message)]);
  });
});

describe('who may not ask', () => {
  const rotate = { action: 'rotate', vault: 'shop', secret: 'db-password' };
  const untouched = async () => expect((await azure.vault('shop').get('db-password')).value).toBe(VALUE);

  test.each(['evil.example', 'evil.example:80', `127.0.0.1.evil.example`])(
    'a name that leads here: %j',
    async (Host) => {
      expect(await ask(at.pathname, { headers: { Host } })).toMatchObject({ status: 421 });
      expect((await post(rotate, { Host, Origin: `http://${Host}` })).status).toBe(421);
      await untouched();
    },
  );

  test.each(['https://evil.example', 'null', 'http://127.0.0.1', ''])("another site's form: %j", async (Origin) => {
    expect((await post(rotate, { Origin })).status).toBe(403);
    await untouched();
  });

  test.each(['/', '/x/', '/../'])('without the key: %s', async (path) => {
    const { status, text } = await ask(path);
    expect([status, text]).toEqual([404, expect.not.stringContaining('shop')]);
    expect(
      (await ask(path, { method: 'POST', headers: { Origin: at.origin }, body: String(new URLSearchParams(rotate)) }))
        .status,
    ).toBe(404);
    await untouched();
  });

  test('other methods, and what is too long', async () => {
    expect((await ask(at.pathname, { method: 'PUT' })).status).toBe(405);
    expect((await post({ action: 'x'.repeat(10_000) })).status).toBe(413);
  });
});

const chromium = findChromium();
describe.skipIf(!chromium)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium ?? '');
  }, 60_000);
  afterAll(() => browser?.close());

  test.each([360, 1280])(
    'at %i pixels it fits, its policy forbids nothing it needs, and a button rotates',
    async (width) => {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme: 'dark',
        isMobile: width < 500,
      });
      const tab = await context.newPage();
      const complaints: string[] = [];
      tab.on('console', (message) => complaints.push(message.text()));
      const asked: string[] = [];
      tab.on('request', (request) => asked.push(request.url()));
      expect((await tab.goto(page.url))?.status()).toBe(200);
      expect(await tab.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      expect(await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe('rgb(13, 17, 23)');

      await tab.evaluate(`document.querySelector('button[aria-label="Rotate db-password"]').click()`);
      await expect.poll(() => azure.vault('shop').versions('db-password'), { timeout: 10_000 }).toHaveLength(2);
      await expect.poll(() => tab.content(), { timeout: 10_000 }).toContain('2 versions');
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => url !== page.url && !url.endsWith('/favicon.ico'))).toEqual([]);
      await context.close();
    },
  );
});
