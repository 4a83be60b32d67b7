// What the emulator makes up where there is no seed: each reference of an app finds what it asks for.
import { expect, test } from 'vitest';
import { beyondVaults, identitiesFor, mentionsIn, placeholdersFor } from '../../../src/cli/emulate/placeholders.js';
import { selectField } from '../../../src/rotation/field.js';
import { SYSTEM_ASSIGNED } from '../../../src/support/identity-selector.js';
import { GUID, ref, V1, V2 } from '../../helpers/fixtures.js';

/** Of references in two files. */
const mentionsOf = (first: readonly string[], second: readonly string[] = []) =>
  mentionsIn(
    [first, second].map((values, i) => ({ from: `file ${i}`, settings: Object.fromEntries(Object.entries(values)) })),
    'vault.azure.net',
  );
const made = (...values: readonly string[]) => placeholdersFor(mentionsOf(values));

test('one of each secret, for the first that refers to it, with all that the others ask of it', () => {
  const first = ['plain', `a:${ref('A')}${ref('b')}`, '@KeyVault(broken)'];
  const second = [ref('a', `SecretVersion=${V1}`), ref('a', `SecretVersion=${V1}`), ref('c', 'Format=pem'), ref('c')];
  const own = { vault: 'shop', versions: [], newest: true };
  expect(placeholdersFor(mentionsOf(first, second))).toEqual([
    { ...own, from: 'file 0', secret: 'a', value: 'emulated-shop-a', versions: [V1] },
    { ...own, from: 'file 0', secret: 'b', value: 'emulated-shop-b' },
    { ...own, from: 'file 1', secret: 'c', value: 'emulated-shop-c', pem: 'self-signed' },
  ]);
  expect(made(ref('a', `SecretVersion=${V1}`), ref('a', `SecretVersion=${V2}`))).toMatchObject([
    { versions: [V1, V2], newest: false },
  ]);
});

test('a field is found where each reference looks for it', () => {
  const fields = ['user', '/db/user', '/db/keys/0', '/db/keys/1', '/a~1b/~0~01', '/__proto__/x', 'constructor', '/'];
  const [secret, ...others] = made(...fields.map((field) => ref('json', `Field=${field}`)), ref('json'));
  expect(others).toEqual([]);
  const values = fields.map((field) => {
    const value = selectField(secret?.value ?? '', field);
    return value.ok ? value.value : value.failure.details;
  });
  // A value of its own for each: whoever takes the wrong one sees it.
  expect(new Set(values).size).toBe(fields.length);
  expect(values).toMatchObject(fields.map(() => expect.stringMatching(/^emulated-shop-json-/)));
  expect(values.slice(0, 2)).toEqual(['emulated-shop-json-user', 'emulated-shop-json-db-user']);
});

test('a field twice, and one that holds another', () => {
  expect(made(ref('a', 'Field=x'), ref('a', 'Field=/x')).map(({ value }) => value)).toEqual([
    '{"x":"emulated-shop-a-x"}',
  ]);
  expect(made(ref('a', 'Field=/x/y'), ref('a', 'Field=x')).map(({ value }) => value)).toEqual([
    '{"x":{"y":"emulated-shop-a-x-y"}}',
  ]);
});

test('nothing for a host whose name no vault has: its settings are told', () => {
  const mentions = mentionsOf([ref('a'), '@KeyVault(SecretUri=https://localhost:8443/secrets/pw)']);
  expect(placeholdersFor(mentions)).toHaveLength(1);
  expect([...beyondVaults(mentions)]).toEqual(['1 of file 0']);
});

test('an identity for each that is named, once, though it is written in two ways', () => {
  const other = GUID.replace('0', '9');
  const resource =
    '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders';
  const named = ['system', GUID.toUpperCase(), GUID, `object:${other}`, resource, resource.toUpperCase()];
  const mentions = mentionsOf(named.map((identity) => ref('a', `Identity=${identity}`)));
  const own = { kind: 'client', id: GUID } as const;
  const anyId = expect.stringMatching(/^[0-9a-f-]{36}$/);
  const expected = [
    { clientId: GUID },
    { clientId: anyId, objectId: other },
    { clientId: anyId, resourceId: resource.toUpperCase() },
  ];
  expect(identitiesFor(mentions, SYSTEM_ASSIGNED)).toEqual(expected);
  expect(identitiesFor(mentions, own)).toEqual(expected);
  expect(identitiesFor([], own)).toEqual([{ clientId: GUID }]);
  // No two identities of the emulator have the same id.
  expect(identitiesFor(mentionsOf([ref('a', `Identity=object:${GUID}`)]), own)).toHaveLength(1);
});
