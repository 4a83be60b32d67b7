import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { concealedTexts } from '../../../src/cli/run/concealed.js';
import type { Report, SettingReport } from '../../../src/report/types.js';
import { printProvenance } from '../../../src/settings/provenance.js';

const REFERENCE = '@KeyVault(VaultName=shop;SecretName=pw)';

function concealed(pointer: string | undefined, value: string | undefined, more: Partial<SettingReport> = {}) {
  const report: Report = {
    status: 'ready',
    generation: 1,
    requests: { token: 0, vault: 0, unauthorized: 0 },
    settings: [{ setting: 'X', status: 'Resolved', pinned: false, origin: 'reference', ...more }],
  };
  const record = printProvenance(
    pointer === undefined ? [] : [{ name: 'X', value, pointer, resolvedAt: '2026-01-01T00:00:00Z' }],
  );
  return concealedTexts(report, { X: value, OTHER: 'no secret', ...Object.fromEntries(record) });
}

describe('a setting that is a reference', () => {
  test('its value', () => {
    expect(concealed(REFERENCE, 's3cret')).toEqual(['s3cret']);
  });

  test('from the platform, of which there is no record of ours', () => {
    expect(concealed(undefined, 's3cret', { origin: 'platform' })).toEqual(['s3cret']);
  });

  test('not its default, which stands in the settings', () => {
    expect(
      concealed('@KeyVault(VaultName=shop;SecretName=pw;Default=localhost)', 'localhost', { usedDefault: true }),
    ).toEqual([]);
  });

  test('but the secret beside a default', () => {
    const pointer = `@KeyVault(VaultName=shop;SecretName=host;Default=localhost):${REFERENCE}`;
    expect(concealed(pointer, 'localhost:s3cret', { usedDefault: true })).toContain('s3cret');
  });

  test('nothing when it is unset', () => {
    expect(concealed(REFERENCE, undefined, { unset: true })).toEqual([]);
  });
});

describe('longer text: its secrets, too', () => {
  test.each([
    ['one', `postgres://app:${REFERENCE}@db/x`, 'postgres://app:s3cret@db/x', ['s3cret']],
    ['that holds what stands behind it', `a:${REFERENCE}@db`, 'a:s3@db@db', ['s3@db']],
    ['several', `${REFERENCE}:${REFERENCE}@db`, 'user:s3cret@db', ['user', 's3cret']],
    ['side by side', `x${REFERENCE}${REFERENCE}y`, 'xonetwoy', ['onetwo']],
    ['beside another setting', `\${HOST}:${REFERENCE}`, 'localhost:s3cret', ['s3cret']],
    ['at the end', `key=${REFERENCE}`, 'key=s3cret', ['s3cret']],
    ['behind an escaped marker', `@@KeyVault(${REFERENCE}`, '@KeyVault(s3cret', ['s3cret']],
    ['none where the text does not fit', `a:${REFERENCE}`, 'b:s3cret', []],
    ['none in a template', 'redis://:$' + '{KEY}@cache', 'redis://:s3cret@cache', []],
  ])('%s', (_what, pointer, value, secrets) => {
    expect(concealed(pointer, value)).toEqual([value, ...secrets]);
  });
});

const encoded = (encode: string) => REFERENCE.replace(')', `;Encode=${encode})`);

test.each([
  ['uri', encodeURIComponent('p@ss/w')],
  ['json', 'p@ss\\/w'],
  ['base64', Buffer.from('p@ss/w').toString('base64')],
])('encoded by us (%s): decoded, too, as programs show it that have taken it apart', (encode, text) => {
  expect(concealed(`db://app:${encoded(encode)}@h`, `db://app:${text}@h`)).toContain('p@ss/w');
  expect(concealed(encoded(encode), text)).toEqual([text, 'p@ss/w']);
});

test('what is not encoded that way stays as it is', () => {
  const pointer = `${REFERENCE}/${encoded('base64')}/${encoded('uri')}`;
  expect(concealed(pointer, '100%/dXNlcg==/u')).toEqual(['100%/dXNlcg==/u', '100%', 'dXNlcg==', 'user', 'u']);
});

test('in a file: what stands there, and not its path; no other file is looked into', () => {
  const base = mkdtempSync(path.join(tmpdir(), 'concealed-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const folder = path.join(base, 'vaultstrap-4321-12-abcdef');
  mkdirSync(folder);
  const [ours, others] = [path.join(folder, 'X.pem'), path.join(base, 'X.pem')];
  for (const file of [ours, others]) writeFileSync(file, 'c0ntent');
  const pointer = `--cert=${REFERENCE.replace(')', ';File=true)')} --pw=${REFERENCE}`;

  expect(concealed(pointer, `--cert=${ours} --pw=s3cret`, { file: true })).toEqual(['c0ntent', 's3cret']);
  expect(concealed(pointer, `--cert=${others} --pw=s3cret`, { file: true })).toEqual([others, 's3cret']);
});
