import { expect, test } from 'vitest';
import { readPlatformRecord } from '../../src/settings/platform-record.js';

const RAW = '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)';
const read = (record: unknown) =>
  readPlatformRecord({ WEBSITE_KEYVAULT_REFERENCES: typeof record === 'string' ? record : JSON.stringify(record) });

test('the shape that Kudu reads; more members do no harm', () => {
  const record = { PW: { rawReference: RAW, status: 'Resolved', vaultName: 'shop', activeVersion: null } };
  expect(read(record)?.get('PW')).toEqual({ rawReference: RAW, status: 'Resolved' });
  expect(read('{}')).toEqual(new Map());
  expect(read('')).toEqual(new Map());
  expect(readPlatformRecord({})).toEqual(new Map());
});

test.each<[string, unknown]>([
  ['no JSON', 'Resolved'],
  ['torn', '{"PW":'],
  ['null', 'null'],
  ['a list', [{ rawReference: RAW, status: 'Resolved' }]],
  ['a number', '7'],
  ['an entry that is null', { PW: null }],
  ['an entry that is a text', { PW: RAW }],
  ['an entry without status', { PW: { rawReference: RAW } }],
  ['other case', { PW: { RawReference: RAW, Status: 'Resolved' } }],
  ['one good entry, one not', { PW: { rawReference: RAW, status: 'Resolved' }, X: {} }],
])('unknown shape: %s', (_what, record) => {
  expect(read(record)).toBeUndefined();
});
