import { expect, test } from 'vitest';
import { readPlatformRecord } from '../../src/settings/platform-record.js';

const RAW = '@Microsoft.KeyVault(VaultName=shop;SecretName=pw)';
const read = (record: unknown) =>
  readPlatformRecord({ WEBSITE_KEYVAULT_REFERENCES: typeof record === 'string' ? record : JSON.stringify(record) });

test('the shape that Kudu reads; more members do no harm', () => {
  const record = { PW: { rawReference: RAW, status: 'Resolved', vaultName: 'shop', activeVersion: null } };
  expect(read(record)).toEqual({
    entries: new Map([['PW', { rawReference: RAW, status: 'Resolved' }]]),
    isWhole: true,
  });
  for (const empty of [read('{}'), read(''), readPlatformRecord({})]) {
    expect(empty).toEqual({ entries: new Map(), isWhole: true });
  }
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
])('unknown shape: %s', (_what, record) => {
  expect(read(record)).toEqual({ entries: new Map(), isWhole: false });
});

test('one entry of an unknown shape does not hide the others', () => {
  const good = { rawReference: RAW, status: 'Resolved' };
  expect(read({ X: {}, PW: good })).toEqual({ entries: new Map([['PW', good]]), isWhole: false });
});
