// A token says whose it is; another identity's is not used.
import { expect, test } from 'vitest';
import { refuseAnothers } from '../../src/identity/whose.js';
import type { IdentitySelector } from '../../src/support/identity-selector.js';
import { Secret } from '../../src/support/secret.js';
import { CLIENT_ID, failureOf, jwt, OBJECT_ID, RESOURCE_ID, unwrap } from './results.js';

const CLIENT: IdentitySelector = { kind: 'client', id: CLIENT_ID };
const OBJECT: IdentitySelector = { kind: 'object', id: OBJECT_ID };
const RESOURCE: IdentitySelector = { kind: 'resource', id: RESOURCE_ID };
const OTHER = '99999999-9999-4999-8999-999999999999';

const look = (identity: IdentitySelector, claims: object, clientId?: unknown) =>
  refuseAnothers(
    { token: new Secret(jwt(claims)), expiresOnMs: 0 },
    { source: 'app-service-2019', identity, identityFrom: 'option' },
    clientId,
  );

test.each<[IdentitySelector, object, unknown?]>([
  [CLIENT, { appid: CLIENT_ID, oid: OTHER }],
  [CLIENT, { appid: CLIENT_ID.toUpperCase() }, CLIENT_ID],
  [CLIENT, { azp: CLIENT_ID }],
  [OBJECT, { oid: OBJECT_ID, appid: OTHER }],
  // Resource ids keep no case.
  [RESOURCE, { xms_mirid: RESOURCE_ID.toLowerCase() }],
  // It says nothing: the host's word is all there is.
  [CLIENT, {}],
  [CLIENT, { appid: 5 }, ''],
  [OBJECT, { appid: OTHER }],
  [RESOURCE, { oid: OTHER }],
  // Nobody was named.
  [{ kind: 'system' }, { appid: OTHER, oid: OTHER }, OTHER],
])('%o with %o is used', (identity, claims, clientId) => {
  unwrap(look(identity, claims, clientId));
});

test.each<[IdentitySelector, object, unknown?]>([
  [CLIENT, { appid: OTHER }],
  [CLIENT, { appid: CLIENT_ID }, OTHER],
  [CLIENT, {}, OTHER],
  [CLIENT, { azp: OTHER }],
  [OBJECT, { oid: OTHER }],
  [RESOURCE, { xms_mirid: `${RESOURCE_ID}2` }],
  [RESOURCE, { xms_mirid: '/subscriptions/s/resourcegroups/g/providers/Microsoft.Web/sites/app' }],
])('%o with %o is refused', (identity, claims, clientId) => {
  const failure = failureOf(look(identity, claims, clientId));
  expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_SELECTOR', retry: 'never' });
  expect(failure.hint).toContain('VAULTSTRAP_IDENTITY=system');
});

test('what is no JWT is taken as it is', () => {
  const token = { token: new Secret('opaque'), expiresOnMs: 0 };
  expect(unwrap(refuseAnothers(token, { source: 'app-service-2019', identity: OBJECT, identityFrom: 'option' }))).toBe(
    token,
  );
});
