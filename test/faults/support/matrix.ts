// Every way in which the identity endpoint and a vault can fail, and what is promised for each: how it is called, and
// how often it is tried. One table for starts and refreshes, both lanes and every way to start.
import type { Emulator, Fault } from '../../../src/testing/index.js';
import type { Servers } from './servers.js';

/**
 * How often something is tried that goes on failing. `1`: it is a fact, and reported at once. `2`: once more, with
 * another token. `3`: it may be a hiccup. `outage`: until the deadline.
 */
export type Tries = 1 | 2 | 3 | 'outage';

export interface Promised {
  readonly status: string;
  readonly code: string;
  readonly tries: Tries;
}

interface Row extends Promised {
  readonly what: string;
  /** A restart now would fail, as far as can be known. */
  readonly isFact?: true;
  /** One try outlasts the time that there is. */
  readonly slow?: true;
  /** What it must have slept between two tries, because it was asked to. */
  readonly waitsMs?: number;
}

type Settings = Readonly<Record<string, string | undefined>>;

export interface IdentityFault extends Row {
  /** How the embedded Azure misbehaves. */
  readonly fault?: (azure: Emulator, servers: Servers) => Partial<Fault> | Promise<Partial<Fault>>;
  /** Who answers instead of it. */
  readonly env?: (servers: Servers) => Settings;
  /** There is a token, and no vault will have it. */
  readonly givesToken?: true;
  /** What `@azure/identity` makes of it, where a virtual machine's endpoint fails so. Absent: it cannot be told to. */
  readonly bySdk?: Promised;
}

export interface VaultFault extends Row {
  readonly fault?: (servers: Servers) => Partial<Fault>;
  readonly env?: (servers: Servers) => Settings;
  /** The vault's host, where it is no vault of Azure. */
  readonly host?: string;
  /** What the SDK's lane says, where the two differ. */
  readonly inSdkLane?: Partial<VaultFault>;
}

const HUGE_BYTES = 10_000_000;
const outage = (code: string, status = 'OtherReasons') => ({ status, code, tries: 'outage' }) as const;
const noIdentity = (code: string, tries: Tries) => ({ status: 'MSINotEnabled', code, tries }) as const;
const NOT_FOUND = noIdentity('ERR_IDENTITY_NOT_FOUND', 3);
const HTML = { status: 200, body: '<html>Sign in to the network</html>' };

/** A reply with a token that the vault will refuse; it is not cached by the SDK, which takes it for expired. */
const tokenReply = (access_token: string) => ({
  body: { access_token, expires_on: '1000000000', expires_in: '1', resource: 'x', token_type: 'Bearer' },
});
const unauthorized = { status: 'UnauthorizedClient', code: 'ERR_VAULT_UNAUTHORIZED', tries: 2, isFact: true } as const;
const DAY_MS = 86_400_000;

export const IDENTITY_FAULTS: readonly IdentityFault[] = [
  {
    what: 'refused',
    env: ({ closedPort }) => ({ IDENTITY_ENDPOINT: `http://127.0.0.1:${closedPort}/msi/token` }),
    ...outage('ERR_IDENTITY_UNREACHABLE', 'MSINotEnabled'),
  },
  {
    what: 'hang',
    fault: () => ({ hang: true }),
    slow: true,
    ...outage('ERR_IDENTITY_TIMEOUT', 'FetchTimedOut'),
    bySdk: outage('ERR_IDENTITY_TIMEOUT', 'FetchTimedOut'),
  },
  {
    what: 'reset',
    fault: () => ({ reset: true }),
    ...outage('ERR_IDENTITY_UNREACHABLE', 'MSINotEnabled'),
    bySdk: NOT_FOUND,
  },
  {
    what: 'torn body',
    fault: () => ({ truncate: true }),
    ...outage('ERR_IDENTITY_UNREACHABLE', 'MSINotEnabled'),
    bySdk: NOT_FOUND,
  },
  {
    what: '400',
    fault: () => ({
      status: 400,
      body: { statusCode: 400, message: 'No User Assigned or Delegated Managed Identity' },
    }),
    ...noIdentity('ERR_IDENTITY_NOT_ASSIGNED', 1),
    isFact: true,
    bySdk: noIdentity('ERR_IDENTITY_NOT_ASSIGNED', 1),
  },
  { what: '401', fault: () => ({ status: 401 }), ...noIdentity('ERR_IDENTITY_REFUSED', 3), bySdk: NOT_FOUND },
  { what: '404', fault: () => ({ status: 404 }), ...noIdentity('ERR_IDENTITY_REPLY', 3), bySdk: NOT_FOUND },
  {
    what: '410',
    fault: () => ({ status: 410 }),
    ...outage('ERR_IDENTITY_UNAVAILABLE'),
    bySdk: outage('ERR_IDENTITY_UNAVAILABLE'),
  },
  {
    what: '429',
    fault: () => ({ status: 429 }),
    ...outage('ERR_IDENTITY_UNAVAILABLE'),
    bySdk: outage('ERR_IDENTITY_UNAVAILABLE'),
  },
  {
    what: '429, Retry-After: 1',
    fault: () => ({ status: 429, headers: { 'Retry-After': '1' } }),
    ...outage('ERR_IDENTITY_UNAVAILABLE'),
    waitsMs: 1000,
  },
  {
    what: '429, Retry-After: 600',
    fault: () => ({ status: 429, headers: { 'Retry-After': '600' } }),
    status: 'OtherReasons',
    code: 'ERR_IDENTITY_UNAVAILABLE',
    // There is no such time.
    tries: 1,
  },
  {
    what: '500',
    fault: () => ({ status: 500, body: 'no' }),
    ...outage('ERR_IDENTITY_UNAVAILABLE'),
    bySdk: outage('ERR_IDENTITY_UNAVAILABLE'),
  },
  {
    what: 'redirect',
    fault: (_, { trap }) => ({ redirectTo: `${trap.url}/msi/token` }),
    ...noIdentity('ERR_IDENTITY_REPLY', 1),
    isFact: true,
    bySdk: NOT_FOUND,
  },
  {
    what: 'HTML',
    fault: () => HTML,
    status: 'OtherReasons',
    code: 'ERR_IDENTITY_REPLY',
    tries: 3,
    bySdk: NOT_FOUND,
  },
  {
    what: 'torn JSON',
    fault: () => ({ status: 200, body: '{"access_token":"eyJ' }),
    status: 'OtherReasons',
    code: 'ERR_IDENTITY_REPLY',
    tries: 3,
    bySdk: NOT_FOUND,
  },
  {
    what: '10 MB',
    fault: () => ({ hugeBytes: HUGE_BYTES }),
    status: 'OtherReasons',
    code: 'ERR_IDENTITY_REPLY',
    tries: 3,
    bySdk: NOT_FOUND,
  },
  {
    what: 'a switch to another protocol',
    env: ({ upgrade }) => ({ IDENTITY_ENDPOINT: `http://127.0.0.1:${upgrade}/msi/token` }),
    ...outage('ERR_IDENTITY_UNREACHABLE', 'MSINotEnabled'),
  },
  {
    what: 'no HTTP',
    env: ({ babble }) => ({ IDENTITY_ENDPOINT: `http://127.0.0.1:${babble}/msi/token` }),
    ...outage('ERR_IDENTITY_UNREACHABLE', 'MSINotEnabled'),
  },
  {
    what: 'an expired token',
    fault: async (azure) => {
      const token = await azure.tokens.issue();
      await azure.clock.advance(2 * DAY_MS);
      return tokenReply(token);
    },
    ...unauthorized,
    givesToken: true,
    bySdk: unauthorized,
  },
  {
    what: 'a token for another audience',
    fault: async (azure) => tokenReply(await azure.tokens.issue({ resource: 'https://management.azure.com' })),
    ...unauthorized,
    givesToken: true,
    bySdk: unauthorized,
  },
];

const forbidden = (reason?: string): Partial<Fault> => ({
  status: 403,
  body: { error: { code: 'Forbidden', message: 'no', ...(reason !== undefined && { innererror: { code: reason } }) } },
});
const denied = (code: string) => ({ status: 'AccessToKeyVaultDenied', code, tries: 1, isFact: true }) as const;
const reply = { status: 'OtherReasons', code: 'ERR_VAULT_REPLY', tries: 3 } as const;
const throttled = outage('ERR_THROTTLED');
const unavailable = outage('ERR_VAULT_UNAVAILABLE');
const TENANT = '33333333-3333-4333-8333-333333333333';
const challenge = (resource: string, more = ''): Partial<Fault> => ({
  status: 401,
  headers: {
    'WWW-Authenticate': `Bearer authorization="https://login.windows.net/${TENANT}", resource="${resource}"${more}`,
  },
});
const badCertificate = { status: 'OtherReasons', code: 'ERR_VAULT_TLS', tries: 1, isFact: true } as const;
const id = `https://faulty.vault.azure.net/secrets/x/${'0'.repeat(32)}`;

export const VAULT_FAULTS: readonly VaultFault[] = [
  {
    what: 'no such name',
    env: () => ({ VAULTSTRAP_VAULT_ENDPOINT: undefined, VAULTSTRAP_ALLOWED_HOSTS: 'kv.vaultstrap.invalid' }),
    host: 'kv.vaultstrap.invalid',
    status: 'VaultNotFound',
    code: 'ERR_VAULT_DNS',
    // Without any resolver, as in a sandbox, it is an outage.
    tries: 3,
  },
  {
    what: 'a certificate for another name',
    env: ({ otherName }) => ({
      VAULTSTRAP_VAULT_ENDPOINT: `https://127.0.0.1:${otherName.port}`,
      VAULTSTRAP_VAULT_CA: otherName.ca,
    }),
    ...badCertificate,
  },
  { what: 'an unknown CA', env: () => ({ VAULTSTRAP_VAULT_CA: undefined }), ...badCertificate },
  {
    what: 'an unknown CA, and NODE_TLS_REJECT_UNAUTHORIZED=0',
    env: () => ({ VAULTSTRAP_VAULT_CA: undefined, NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    ...badCertificate,
  },
  {
    what: 'refused',
    env: ({ closedPort }) => ({ VAULTSTRAP_VAULT_ENDPOINT: `https://127.0.0.1:${closedPort}` }),
    ...outage('ERR_VAULT_UNREACHABLE'),
  },
  {
    what: 'a switch to another protocol',
    env: ({ upgradeTls }) => ({
      VAULTSTRAP_VAULT_ENDPOINT: `https://127.0.0.1:${upgradeTls.port}`,
      VAULTSTRAP_VAULT_CA: upgradeTls.ca,
    }),
    ...outage('ERR_VAULT_UNREACHABLE'),
    // Its HTTP client hears of it as little, and waits.
    inSdkLane: { ...outage('ERR_VAULT_TIMEOUT', 'FetchTimedOut'), slow: true },
  },
  {
    what: 'no TLS',
    env: ({ babble }) => ({ VAULTSTRAP_VAULT_ENDPOINT: `https://127.0.0.1:${babble}` }),
    ...badCertificate,
  },
  { what: 'hang', fault: () => ({ hang: true }), slow: true, ...outage('ERR_VAULT_TIMEOUT', 'FetchTimedOut') },
  {
    what: 'a slow drip',
    fault: () => ({ drip: { everyMs: 150 } }),
    slow: true,
    ...outage('ERR_VAULT_TIMEOUT', 'FetchTimedOut'),
  },
  { what: 'reset', fault: () => ({ reset: true }), ...outage('ERR_VAULT_UNREACHABLE') },
  { what: 'torn body', fault: () => ({ truncate: true }), ...outage('ERR_VAULT_UNREACHABLE') },
  { what: '401 without a challenge', fault: () => ({ status: 401 }), ...unauthorized },
  { what: '401 of another tenant', fault: () => challenge('https://vault.azure.net'), ...unauthorized },
  { what: '401 of another service', fault: () => challenge('https://management.azure.com'), ...unauthorized },
  {
    what: '401 that wants claims (continuous access evaluation)',
    fault: () =>
      challenge('https://vault.azure.net', ', error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'),
    ...unauthorized,
  },
  { what: '403 ForbiddenByRbac', fault: () => forbidden('ForbiddenByRbac'), ...denied('ERR_VAULT_RBAC') },
  { what: '403 ForbiddenByPolicy', fault: () => forbidden('ForbiddenByPolicy'), ...denied('ERR_VAULT_POLICY') },
  { what: '403 AccessDenied', fault: () => forbidden('AccessDenied'), ...denied('ERR_VAULT_POLICY') },
  { what: '403 ForbiddenByFirewall', fault: () => forbidden('ForbiddenByFirewall'), ...denied('ERR_VAULT_FIREWALL') },
  {
    what: '403 ForbiddenByConnection',
    fault: () => forbidden('ForbiddenByConnection'),
    ...denied('ERR_VAULT_CONNECTION'),
  },
  {
    what: '403 SecretDisabled',
    fault: () => forbidden('SecretDisabled'),
    status: 'OtherReasons',
    code: 'ERR_SECRET_DISABLED',
    tries: 1,
    isFact: true,
  },
  { what: '403 bare', fault: () => ({ status: 403 }), ...denied('ERR_VAULT_FORBIDDEN') },
  {
    what: '404 of Key Vault',
    fault: () => ({ status: 404, body: { error: { code: 'SecretNotFound', message: 'no' } } }),
    status: 'SecretNotFound',
    code: 'ERR_SECRET_NOT_FOUND',
    tries: 1,
    isFact: true,
  },
  {
    what: '404 bare',
    fault: () => ({ status: 404 }),
    status: 'VaultNotFound',
    code: 'ERR_VAULT_NOT_FOUND',
    tries: 1,
    isFact: true,
  },
  { what: '429', fault: () => ({ status: 429 }), ...throttled },
  {
    what: '429, Retry-After: 1',
    fault: () => ({ status: 429, headers: { 'Retry-After': '1' } }),
    ...throttled,
    waitsMs: 1000,
  },
  {
    what: '429, Retry-After: 600',
    fault: () => ({ status: 429, headers: { 'Retry-After': '600' } }),
    ...throttled,
    tries: 1,
  },
  { what: '408', fault: () => ({ status: 408 }), ...outage('ERR_VAULT_UNAVAILABLE', 'FetchTimedOut') },
  { what: '500', fault: () => ({ status: 500, body: 'no' }), ...unavailable },
  { what: '502 HTML', fault: () => ({ ...HTML, status: 502 }), ...unavailable },
  { what: '503', fault: () => ({ status: 503 }), ...unavailable },
  { what: '504', fault: () => ({ status: 504 }), ...outage('ERR_VAULT_UNAVAILABLE', 'FetchTimedOut') },
  { what: 'HTML', fault: () => HTML, ...reply },
  { what: 'torn JSON', fault: () => ({ status: 200, body: `{"id":"${id}","value":"` }), ...reply },
  { what: '10 MB', fault: () => ({ hugeBytes: HUGE_BYTES }), ...reply },
  {
    what: 'the id of another secret',
    fault: () => ({ body: { value: 'x', id: id.replace('/x/', '/y/') } }),
    ...reply,
  },
  { what: 'no value', fault: () => ({ body: { id } }), ...reply },
  {
    what: 'redirect',
    fault: ({ trap }) => ({ redirectTo: `${trap.url}/secrets/x` }),
    status: 'OtherReasons',
    code: 'ERR_VAULT_REDIRECT',
    tries: 1,
    isFact: true,
  },
];
