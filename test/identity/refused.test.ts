// What each answer of an identity endpoint means, as one table: status, code, whether to ask again, and words that help.
import { describe, expect, test } from 'vitest';
import { isTransient, otherCertificate, refused, type TokenContext, tokenProblem } from '../../src/identity/failure.js';
import { readTokenReply } from '../../src/identity/reply.js';
import { anothersToken } from '../../src/identity/whose.js';
import { kindOf } from '../../src/support/http.js';
import { Secret } from '../../src/support/secret.js';
import { vaultProblem } from '../../src/vault/reply.js';
import { readOf } from '../vault/harness.js';
import { CLIENT_ID, failureOf } from './results.js';

const NOW_MS = Date.UTC(2026, 10, 22);
const SYSTEM: TokenContext = { source: 'app-service-2019', identity: { kind: 'system' }, identityFrom: 'default' };
const CLIENT: TokenContext = { ...SYSTEM, identity: { kind: 'client', id: CLIENT_ID }, identityFrom: 'option' };
const FABRIC: TokenContext = { ...SYSTEM, source: 'service-fabric' };
const HERE = 'the identity endpoint (app-service-2019)';
const MSI = 'MSINotEnabled';

test.each<[TokenContext, number, code: string, retry: string, details: string, hint: RegExp]>([
  [
    SYSTEM,
    400,
    'ERR_IDENTITY_NOT_ASSIGNED',
    'never',
    `${HERE} has no system-assigned identity for`,
    /^Turn it on: .* name one: VAULTSTRAP_IDENTITY=/,
  ],
  [
    CLIENT,
    400,
    'ERR_IDENTITY_NOT_ASSIGNED',
    'never',
    `has no identity ${CLIENT_ID} for this app (400).`,
    /^Assign it: .*--identities/,
  ],
  [
    { ...CLIENT, identityFrom: 'AZURE_CLIENT_ID' },
    400,
    'ERR_IDENTITY_NOT_ASSIGNED',
    'never',
    CLIENT_ID,
    /AZURE_CLIENT_ID.*system \(or the client id/,
  ],
  [SYSTEM, 401, 'ERR_IDENTITY_REFUSED', 'few', `${HERE} refused this process (401).`, /IDENTITY_HEADER or MSI_SECRET/],
  [SYSTEM, 403, 'ERR_IDENTITY_REFUSED', 'few', 'refused this process (403).', /restart the app/],
  [SYSTEM, 404, 'ERR_IDENTITY_REPLY', 'few', `${HERE} answered 404.`, /Check IDENTITY_ENDPOINT or MSI_ENDPOINT/],
  [SYSTEM, 405, 'ERR_IDENTITY_REPLY', 'never', `${HERE} answered 405.`, /nothing else should/],
  [SYSTEM, 302, 'ERR_IDENTITY_REPLY', 'never', 'answered 302.', /Check IDENTITY_ENDPOINT/],
  // Service Fabric says 404 where the others say 400, and nothing of an identity by 400.
  [
    FABRIC,
    404,
    'ERR_IDENTITY_NOT_ASSIGNED',
    'never',
    '(service-fabric) has no identity for this application (404)',
    /IdentityBindingPolicy/,
  ],
  [FABRIC, 400, 'ERR_IDENTITY_REPLY', 'never', '(service-fabric) answered 400.', /Check IDENTITY_ENDPOINT/],
])('$0.source, $0.identity.kind: %i', (context, status, code, retry, details, hint) => {
  const failure = refused({ status, headers: {} }, context);
  expect(failure).toEqual({
    ...{ status: MSI, code, retry, cause: { status } },
    ...{ details: expect.stringContaining(details), hint: expect.stringMatching(hint) },
  });
});

test.each<[source: TokenContext['source'], command: string, ofSystem: string, ofUser: string]>([
  ['container-apps', 'az containerapp identity assign', '--system-assigned', '--user-assigned RESOURCE_ID'],
  ['default-azure-credential', 'az vm identity assign', 'az vmss', '--identities RESOURCE_ID'],
  ['app-service-2019', 'az webapp identity assign', 'az functionapp', '--slot NAME'],
  ['container-apps', 'az containerapp identity assign', 'az containerapp job', '(az containerapp job'],
  ['msi-endpoint', 'az vm identity assign', 'az vmss', '--identities RESOURCE_ID'],
  ['azure-ml', 'az ml compute update', '--identity-type system_assigned', 'user_assigned --user-assigned-identities'],
])(
  'the hint of 400 is the command that assigns one where it was asked for: %s',
  (source, command, ofSystem, ofUser) => {
    const hintFor = (identity: TokenContext['identity']) =>
      refused({ status: 400, headers: {} }, { ...CLIENT, source, identity }).hint;
    const [system, user] = [hintFor({ kind: 'system' }), hintFor({ kind: 'client', id: CLIENT_ID })];
    for (const hint of [system, user]) expect(hint).toMatch(new RegExp(`: ${command} `));
    expect(system).toContain(ofSystem);
    expect(user).toContain(ofUser);
  },
);

test('an Arc agent is connected, and nobody assigns it an identity', () => {
  const hintFor = (identity: TokenContext['identity']) =>
    refused({ status: 400, headers: {} }, { ...CLIENT, source: 'azure-arc', identity }).hint;
  expect(hintFor({ kind: 'system' })).toMatch(/^Turn it on: azcmagent connect\. /);
  expect(hintFor({ kind: 'client', id: CLIENT_ID })).toMatch(/^The agent has no such identity \(azcmagent show\): /);
});

test.each([408, 410, 429, 500, 503])('%i passes: it is asked until the deadline, as late as it says', (status) => {
  expect(isTransient(status)).toBe(true);
  const failure = refused({ status, headers: {} }, SYSTEM);
  expect(failure).toEqual({
    ...{ status: 'OtherReasons', code: 'ERR_IDENTITY_UNAVAILABLE', retry: 'deadline', cause: { status } },
    details: `${HERE} answered ${status}.`,
    hint: expect.stringContaining('usually short'),
  });
  expect(refused({ status, headers: { 'retry-after': '7' } }, SYSTEM).retryAfterMs).toBe(7000);
});

test.each([407, 409, 411, 428, 430, 499])('%i does not', (status) => {
  expect(isTransient(status)).toBe(false);
});

describe('a reply', () => {
  const read = (body: string) => readTokenReply({ status: 200, headers: {}, body }, SYSTEM, NOW_MS);
  const token = (access_token: unknown) => read(JSON.stringify({ access_token, expires_in: 3600 }));

  test.each(['!', '~', 'x'.repeat(64_000)])('with a token that a header can carry is one: %#', (text) => {
    expect(token(text)).toEqual({ ok: true, value: { token: new Secret(text), expiresOnMs: NOW_MS + 3_600_000 } });
    const result = token(text);
    expect(result.ok && result.value.token.reveal()).toBe(text);
  });

  test.each<[string, string]>([
    ['', 'is not JSON'],
    ['null', 'has no access_token'],
    ['{"access_token":5}', 'has no access_token'],
    ['{"access_token":""}', 'has no access_token'],
    ['{"access_token":" x"}', 'has a malformed access_token'],
    ['{"access_token":"x "}', 'has a malformed access_token'],
    ['{"access_token":"x\\u007f"}', 'has a malformed access_token'],
    [`{"access_token":"${'x'.repeat(64_001)}"}`, 'has a malformed access_token'],
  ])('%# is none: %j', (body, what) => {
    expect(failureOf(read(body))).toEqual({
      ...{ status: 'OtherReasons', code: 'ERR_IDENTITY_REPLY', retry: 'few' },
      details: `the reply of ${HERE} ${what}.`,
      hint: expect.stringContaining('Something else answers at that address'),
    });
  });
});

test.each([
  [
    'timeout',
    {},
    'FetchTimedOut',
    'ERR_IDENTITY_TIMEOUT',
    'deadline',
    'did not answer in time.',
    'VAULTSTRAP_TIMEOUT_SECONDS',
  ],
  ['aborted', {}, 'FetchTimedOut', 'ERR_IDENTITY_TIMEOUT', 'deadline', 'did not answer in time.', 'usually short'],
  ['tls', { code: 'CERT_X' }, MSI, 'ERR_IDENTITY_UNREACHABLE', 'never', 'be reached (CERT_X).', 'set by the platform'],
  ['network', {}, MSI, 'ERR_IDENTITY_UNREACHABLE', 'deadline', 'cannot be reached.', 'a managed identity is turned on'],
  ['dns', { code: 'ENOTFOUND' }, MSI, 'ERR_IDENTITY_UNREACHABLE', 'deadline', '(ENOTFOUND).', 'IDENTITY_ENDPOINT'],
] as const)('no reply, %s %o', (kind, cause, status, code, retry, details, hint) => {
  const problem = tokenProblem({ kind, cause }, SYSTEM);
  expect(problem).toMatchObject({ status, code, retry, cause });
  expect(problem.details).toContain(HERE);
  expect(problem.details).toContain(details);
  expect(problem.hint).toContain(hint);
});

test('a network that the permission model forbids is not tried again', () => {
  const kind = kindOf({ code: 'ERR_ACCESS_DENIED', syscall: 'getaddrinfo' });
  for (const failure of [tokenProblem({ kind, cause: {} }, SYSTEM), vaultProblem({ kind, cause: {} }, readOf('pw'))]) {
    expect(failure).toMatchObject({ code: 'ERR_NETWORK_PERMISSION', retry: 'never' });
    expect(failure.hint).toContain('--allow-net');
  }
});

test('a reply that is too long is no outage', () => {
  const problem = tokenProblem({ kind: 'too-large', cause: {} }, SYSTEM);
  expect(problem).toMatchObject({
    code: 'ERR_IDENTITY_REPLY',
    retry: 'few',
    details: `the reply of ${HERE} is too long.`,
  });
});

test('an endpoint or a token that is another’s is said to be, and not tried again', () => {
  expect(otherCertificate(FABRIC)).toMatchObject({ status: MSI, code: 'ERR_IDENTITY_ENDPOINT', retry: 'never' });
  expect(otherCertificate(FABRIC).details).toContain('(service-fabric) is not the one of IDENTITY_SERVER_THUMBPRINT');
  expect(otherCertificate(FABRIC).hint).toContain('restart the service');
  expect(anothersToken(CLIENT).details).toContain(
    `app-service-2019 gave the token of another identity than ${CLIENT_ID}`,
  );
});
