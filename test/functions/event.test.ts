import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSecretEvent } from '../../src/functions/event.js';

const TOPIC = '/subscriptions/0/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop';
const ID = 'https://shop.vault.azure.net/secrets/db-password/00000000000000000000000000000001';
const DATA = { Id: ID, VaultName: 'shop', ObjectType: 'Secret', ObjectName: 'db-password', Version: '1' };
const EVENT = {
  id: '1',
  topic: TOPIC,
  subject: 'db-password',
  eventType: 'Microsoft.KeyVault.SecretNewVersionCreated',
  eventTime: '2026-11-21T12:00:00Z',
  data: { ...DATA, NBF: null, EXP: null },
  dataVersion: '1',
};
const CLOUD_EVENT = {
  specversion: '1.0',
  id: '1',
  source: TOPIC,
  subject: 'db-password',
  type: 'Microsoft.KeyVault.SecretNewVersionCreated',
  time: '2026-11-21T12:00:00Z',
  data: DATA,
};
const PARSED = { kind: 'new-version', vault: 'shop', secret: 'db-password' };

describe('is read', () => {
  test.each<[string, unknown, unknown]>([
    ['Event Grid schema', EVENT, PARSED],
    ['CloudEvents', CLOUD_EVENT, PARSED],
    [
      "the documentation's own sample: spaces in keys and values",
      {
        ...EVENT,
        data: { Id: ID, VaultName: 'shop', ObjectType: 'Secret', 'ObjectName ': 'db-password', Version: ' 1' },
      },
      PARSED,
    ],
    [
      'only what has spaces around it',
      { eventType: EVENT.eventType, data: { ' VaultName': 'shop ', 'ObjectName ': ' db-password' } },
      PARSED,
    ],
    ['nothing but spaces, which is nothing', { ...EVENT, data: { ...DATA, VaultName: ' ', ObjectName: '' } }, PARSED],
    ['id for Id', { ...EVENT, data: { id: ID, ObjectType: 'Secret' } }, PARSED],
    ['the topic alone names the vault', { ...EVENT, data: { ObjectName: 'db-password' } }, PARSED],
    ['the source alone', { ...CLOUD_EVENT, data: { ObjectName: 'db-password' } }, PARSED],
    ['the id alone, without a version', { eventType: EVENT.eventType, data: { Id: ID.slice(0, -33) } }, PARSED],
    ['the id alone', { eventType: EVENT.eventType, data: { Id: ID } }, PARSED],
    ['the subject names the secret', { ...EVENT, data: { VaultName: 'shop' } }, PARSED],
    [
      'capitals differ',
      { ...EVENT, data: { ...DATA, VaultName: 'SHOP', ObjectType: 'secret' } },
      { ...PARSED, vault: 'SHOP' },
    ],
    [
      'near expiry, as a number',
      { ...EVENT, eventType: 'Microsoft.KeyVault.SecretNearExpiry', data: { ...DATA, EXP: 1_900_000_000 } },
      { ...PARSED, kind: 'near-expiry', expiresOn: new Date('2030-03-17T17:46:40Z') },
    ],
    [
      'expired, as text',
      { ...CLOUD_EVENT, type: 'Microsoft.KeyVault.SecretExpired', data: { ...DATA, EXP: ' 1700000000 ' } },
      { ...PARSED, kind: 'expired', expiresOn: new Date('2023-11-14T22:13:20Z') },
    ],
    ['an expiry that is none', { ...EVENT, data: { ...DATA, EXP: 'soon' } }, PARSED],
    ['an expiry beyond all time', { ...EVENT, data: { ...DATA, EXP: 1e300 } }, PARSED],
    ['another cloud', { ...EVENT, data: { ...DATA, Id: ID.replace('.net', '.cn') } }, PARSED],
  ])('%s', (_what, event, parsed) => {
    expect(parseSecretEvent(event)).toEqual(parsed);
  });
});

describe('is passed over', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', JSON.stringify(EVENT)],
    ['a list', [EVENT]],
    ['no data', { ...EVENT, data: undefined, topic: undefined }],
    ['a key', { ...EVENT, eventType: 'Microsoft.KeyVault.KeyNewVersionCreated' }],
    ['a certificate', { ...EVENT, data: { ...DATA, ObjectType: 'Certificate' } }],
    ['a validation request', { ...EVENT, eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent' }],
    ['a topic that contradicts the vault', { ...EVENT, topic: TOPIC.replace('/shop', '/other') }],
    ['an id that contradicts the vault', { ...EVENT, data: { ...DATA, Id: ID.replace('shop', 'other') } }],
    ['a name that is none', { ...EVENT, data: { ...DATA, ObjectName: 'db password\n' } }],
    ['a vault that is none', { ...EVENT, topic: '', data: { VaultName: 'shop.example.com', ObjectName: 'x' } }],
    ['a topic that goes on', { ...EVENT, topic: `${TOPIC}/x`, data: { ObjectName: 'db-password' } }],
    ['an id that goes on', { eventType: EVENT.eventType, data: { Id: `${ID}/x` } }],
    ['an id with something before it', { eventType: EVENT.eventType, data: { Id: `see ${ID}` } }],
    [
      'an id with user-info',
      { eventType: EVENT.eventType, data: { Id: ID.replace('shop', 'shop@evil'), ObjectName: 'x' } },
    ],
  ])('%s', (_what, event) => {
    expect(parseSecretEvent(event)).toBeUndefined();
  });
});

test('whatever JSON can hold, it neither throws nor gives more than names', () => {
  const piece = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('shop', 'db-password', ID, TOPIC, 'Secret', ''),
  );
  const key = fc.constantFrom(
    'id',
    'Id',
    ' VaultName',
    'ObjectName ',
    'ObjectType',
    'EXP',
    'Version',
    'x',
    '__proto__',
  );
  const event = fc.record(
    {
      eventType: fc.constantFrom(EVENT.eventType, ' microsoft.keyvault.SecretExpired', 'x'),
      type: piece,
      topic: piece,
      source: piece,
      subject: piece,
      data: fc.oneof(piece, fc.dictionary(key, piece)),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(event, fc.jsonValue()), (value) => {
      const parsed = parseSecretEvent(JSON.parse(JSON.stringify(value)));
      if (parsed) expect(`${parsed.vault}/${parsed.secret}`).toMatch(/^[0-9a-z-]+\/[0-9a-z-]+$/i);
    }),
    { numRuns: 2000 },
  );
});
