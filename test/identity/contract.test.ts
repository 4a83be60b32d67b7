// One contract, every source: what an app may rely on wherever it runs, by each lane in which it can be asked.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { type Emulator, type Fault, type IdentityHost, startEmulator } from '../../src/testing/index.js';
import { type Answer, type Child, createChild, type Talk } from './child.js';
import { CLIENT_ID, canImitate, findCanaries, OBJECT_ID, RESOURCE_ID, serve } from './harness.js';

const VALUE = 'CANARY-VALUE-77aa';
const OTHER_ID = '99999999-9999-4999-8999-999999999999';
const TEXT = 'CANARY-TEXT-19f2';

const SELECTORS: Record<'client' | 'object' | 'resource', IdentitySelector> = {
  client: { kind: 'client', id: CLIENT_ID },
  object: { kind: 'object', id: OBJECT_ID },
  resource: { kind: 'resource', id: RESOURCE_ID },
};
type Kind = keyof typeof SELECTORS;
const ALL: readonly Kind[] = ['client', 'object', 'resource'];

interface Row {
  readonly host: IdentityHost;
  /** How its vaults can be read. Where the source is the SDK's, so are they. */
  readonly lanes: readonly ('direct' | 'sdk')[];
  readonly selects: readonly Kind[];
  /** What the platform changes while an app runs, and we follow. */
  readonly header?: 'IDENTITY_HEADER' | 'MSI_SECRET' | 'file';
  /** The codes of a 400, a 401 and a 403 of the endpoint. */
  readonly codes: readonly [of400: string, of401: string, of403: string];
}

const OWN: Row['codes'] = ['ERR_IDENTITY_NOT_ASSIGNED', 'ERR_IDENTITY_REFUSED', 'ERR_IDENTITY_REFUSED'];
const BY_SDK: Row['codes'] = ['ERR_IDENTITY_NOT_ASSIGNED', 'ERR_IDENTITY_NOT_FOUND', 'ERR_IDENTITY_NOT_FOUND'];
const BOTH = ['direct', 'sdk'] as const;

const ROWS: readonly Row[] = [
  { host: 'app-service-2019', lanes: BOTH, selects: ALL, header: 'IDENTITY_HEADER', codes: OWN },
  { host: 'container-apps', lanes: BOTH, selects: ALL, header: 'IDENTITY_HEADER', codes: OWN },
  { host: 'app-service-2017', lanes: BOTH, selects: ['client'], header: 'MSI_SECRET', codes: OWN },
  {
    host: 'service-fabric',
    lanes: BOTH,
    selects: [],
    header: 'IDENTITY_HEADER',
    codes: ['ERR_IDENTITY_REPLY', 'ERR_IDENTITY_REFUSED', 'ERR_IDENTITY_REFUSED'],
  },
  { host: 'msi-endpoint', lanes: BOTH, selects: [], codes: OWN },
  { host: 'imds', lanes: ['sdk'], selects: ALL, codes: BY_SDK },
  // The SDK reads MSI_SECRET once: no header here that would be followed.
  { host: 'azure-ml', lanes: ['sdk'], selects: ['client'], codes: BY_SDK },
  { host: 'azure-arc', lanes: ['sdk'], selects: ALL, header: 'file', codes: BY_SDK },
  {
    host: 'workload-identity',
    lanes: ['sdk'],
    selects: ['client'],
    codes: ['ERR_IDENTITY_REFUSED', 'ERR_IDENTITY_REFUSED', 'ERR_IDENTITY_REFUSED'],
  },
];

let azure: Emulator;
let child: Child;
beforeAll(async () => {
  [azure, child] = await Promise.all([
    startEmulator({
      vaults: { shop: { 'db-password': VALUE } },
      identities: {
        system: {},
        userAssigned: [{ clientId: CLIENT_ID, objectId: OBJECT_ID, resourceId: RESOURCE_ID }, { clientId: OTHER_ID }],
      },
    }),
    createChild(),
  ]);
});
afterAll(async () => {
  child.remove();
  await azure.close();
});

/** Tokens asked for: without the challenges of Arc and the discovery of authorities. */
const asked = async () =>
  (await azure.requests()).filter(
    ({ target, path, status }) => target === 'identity' && status !== 401 && !path.includes('.well-known'),
  );

const codeOf = ({ result }: Answer) => (result.ok ? 'ok' : result.failure.code);

for (const row of ROWS) {
  describe.skipIf(!canImitate(row.host)).each(row.lanes)(`${row.host}, vaults by the %s lane`, (client) => {
    let talk: Talk;
    beforeAll(async () => {
      await azure.reset();
      talk = child.talk({ ...azure.envFor(row.host), PATH: '' });
    });
    afterAll(() => talk?.end());
    afterEach(async () => {
      expect(findCanaries(talk.output(), [VALUE, TEXT])).toEqual([]);
      await azure.faults.clear();
      await azure.requests.clear();
    });
    let count = 0;
    /** Requests before the first for a token: Entra tells where it gives them. */
    const found = row.host === 'workload-identity' ? 1 : 0;
    /** Of no other test: the SDK has a cache of its own. */
    const newResource = () => `https://${row.host}-${client}-${++count}.example`;

    test('a secret, by one token; and again, by the same', async () => {
      for (let i = 0; i < 2; i++) {
        expect((await talk.ask({ client })).result).toEqual({ ok: true, value: VALUE });
      }
      const tokens = await asked();
      expect(tokens).toMatchObject([{ identity: 'system', resource: 'https://vault.azure.net', authorized: true }]);
      expect(tokens[0]?.source).toBe(row.host === 'container-apps' ? 'app-service-2019' : row.host);
    });

    test('a token that has expired is replaced: the read knows nothing of it', async () => {
      await azure.tokens.configure({ lifeSeconds: 3600 });
      await talk.ask({ client });
      for (const advanceMs of [40 * 60_000, 2 * 3_600_000, 26 * 3_600_000]) {
        await azure.clock.advance(advanceMs);
        expect((await talk.ask({ client, advanceMs })).result).toEqual({ ok: true, value: VALUE });
      }
      const vault = (await azure.requests()).filter(({ target }) => target === 'vault');
      expect(vault.filter(({ status, authorized }) => status === 401 && authorized)).toEqual([]);
      expect(vault.filter(({ status }) => status === 200)).toHaveLength(4);
    });

    test('30 callers at once are one request, also of a slow endpoint', async () => {
      await azure.faults.add({ target: 'identity', delayMs: 150 });
      const answer = await talk.ask({ resource: newResource(), callers: 30 });
      expect(answer).toMatchObject({ result: { ok: true }, different: 1 });
      expect(await asked()).toHaveLength(1);
    });

    test.each(ALL)(
      'selection by %s: that identity, or a refusal that says what to do, and nothing sent',
      async (kind) => {
        const answer = await talk.ask({ resource: newResource(), identity: SELECTORS[kind] });
        if (row.selects.includes(kind)) {
          expect(codeOf(answer)).toBe('ok');
          expect(await asked()).toMatchObject([{ identity: CLIENT_ID, status: 200 }]);
          return;
        }
        expect(answer.result).toMatchObject({
          ok: false,
          failure: {
            code: 'ERR_IDENTITY_SELECTOR',
            status: 'MSINotEnabled',
            retry: 'never',
            hint: expect.stringContaining('VAULTSTRAP_IDENTITY=system'),
          },
        });
        expect(await azure.requests()).toEqual([]);
      },
    );

    test.skipIf(row.selects.length === 0)('a host that gives another identity’s token: it is not used', async () => {
      const resource = newResource();
      const access_token = await azure.tokens.issue({ identity: OTHER_ID, resource });
      const body = {
        access_token,
        expires_in: 3600,
        expires_on: `${Math.floor(Date.now() / 1000) + 360_000}`,
        token_type: 'Bearer',
      };
      await azure.faults.add({ target: 'identity', status: 200, body, skip: found });
      for (const kind of row.selects) {
        const { result } = await talk.ask({ resource, identity: SELECTORS[kind] });
        expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_SELECTOR', retry: 'never' } });
      }
    });

    test.skipIf(row.header === undefined)('a header that the platform rotates is followed', async () => {
      await azure.rotateIdentityHeader();
      const env: Record<string, string> = {};
      if (row.header && row.header !== 'file') env[row.header] = azure.envFor(row.host)[row.header] ?? '';
      expect(codeOf(await talk.ask({ env, resource: newResource() }))).toBe('ok');
      expect(await asked()).toMatchObject([{ status: 200 }]);
    });

    test.each([400, 401, 403])(
      '%i is the answer: told as it is, not asked for ever, nothing of it quoted',
      async (status) => {
        await azure.faults.add({
          target: 'identity',
          skip: found,
          status,
          body: { error: TEXT, error_description: TEXT, message: TEXT },
        });
        const answer = await talk.ask({ resource: newResource() });
        expect(codeOf(answer)).toBe(row.codes[[400, 401, 403].indexOf(status)]);
        expect(answer.result).toMatchObject({ failure: { status: 'MSINotEnabled' } });
        expect(findCanaries(answer, [TEXT])).toEqual([]);
        if (status === 400) expect(answer.requests).toBe(1);
        expect(answer.requests).toBeLessThanOrEqual(3);
      },
    );

    test.each<[what: string, fault: Partial<Fault>]>([
      ['429', { status: 429, body: { error: TEXT } }],
      ['500', { status: 500, body: TEXT }],
      ['503', { status: 503 }],
    ])('%s is waited out', async (_, fault) => {
      const added = await azure.faults.add({ target: 'identity', times: 3, ...fault });
      expect(codeOf(await talk.ask({ resource: newResource() }))).toBe('ok');
      expect(await added.hits()).toBe(3);
    });

    test('a reply that is too long is not taken, though a token stands in it', async () => {
      const resource = newResource();
      const access_token = await azure.tokens.issue({ resource });
      const body = { access_token, expires_in: 3600, token_type: 'Bearer', padding: 'x'.repeat(300_000) };
      await azure.faults.add({ target: 'identity', status: 200, body, skip: found });
      expect((await talk.ask({ resource, withinMs: 2000 })).result).toMatchObject({ ok: false });
    });

    test('a redirect is not followed', async () => {
      const elsewhere = await serve((_, response) => response.end('{"access_token":"forged","expires_in":"3600"}'));
      await azure.faults.add({ target: 'identity', redirectTo: `${elsewhere.url}/token`, skip: found });
      expect((await talk.ask({ resource: newResource(), withinMs: 2000 })).result).toMatchObject({ ok: false });
      expect(elsewhere.seen).toEqual([]);
      await elsewhere.close();
    });

    test('429 that lasts ends with the time there is', async () => {
      await azure.faults.add({ target: 'identity', status: 429 });
      const { result } = await talk.ask({ resource: newResource(), withinMs: 500 });
      expect(result).toMatchObject({ ok: false, failure: { code: 'ERR_IDENTITY_UNAVAILABLE', retry: 'deadline' } });
    });
  });
}
