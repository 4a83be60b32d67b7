// What import moves and lint warns of.
import { describe, expect, test } from 'vitest';
import { lookAt, looksOf } from '../../../src/cli/support/looks-secret.js';

describe('by its name, or by its value', () => {
  test.each([
    ['DB_PASSWORD', 'hunter2', 'its name'],
    ['dbPassword', 'hunter2', 'its name'],
    ['STRIPE_API_KEY', 'abc', 'its name'],
    ['MyApp__ConnectionString', 'abc', 'its name'],
    ['URL', 'postgres://app:hunter2@db/shop', 'an address with a password'],
    ['STORE', 'AccountName=a;AccountKey=b==', 'a connection string with AccountKey'],
    ['HOOK', 'https://x.example/run?code=abcdefghij', 'an address with a key'],
    ['CERT', '-----BEGIN PRIVATE KEY-----\nabc', 'a private key'],
    ['X', 'ghp_abc', 'a key of a known service'],
    ['X', 'f3K9x0Pq7Lm2Zt8Rw5Yv1', 'random characters'],
  ])('%s=%s', (name, value, reason) => {
    expect(lookAt({ name, value })?.why).toBe(reason);
  });

  test.each([
    ['PORT', '3000'],
    ['NODE_ENV', 'production'],
    ['URL', 'https://shop.example/path?page=2'],
    ['TENANT', '7ed0e5a8-3c27-4f3a-9d10-5f5b2b1c9e11'],
    ['USE_PASSWORD', 'false'],
    ['TOKEN_TTL', '3600'],
    ['KEYBOARD', 'de'],
    ['NEXT_PUBLIC_MAP_KEY', 'f3K9x0Pq7Lm2Zt8Rw5Yv1'],
    ['REGION', 'westeurope-production-1'],
    ['DATABASE_URL', 'postgres://postgres:postgres@localhost:5432/shop'],
    ['AzureWebJobsSecretStorageType', 'files'],
    ['WEBSITE_AUTH_SIGNING_KEY', 'hunter2'],
    ['API_KEY', ''],
  ])('not %s=%s', (name, value) => {
    expect(lookAt({ name, value })).toBeUndefined();
  });
});

test('secretlint has the last word on what is a key: each value has its own answer', async () => {
  const token = `ghp_${'aB3dE6gH9'.repeat(4)}`;
  const settings = ['plain text', token, 'ghp_abc', '', 'Sup3r', token].map((value, i) => ({ name: `S${i}`, value }));
  const looks = await looksOf(settings);
  expect(looks.map((look) => look && [look.why, look.isCertain])).toEqual([
    undefined,
    ['what looks like a secret (secretlint: github)', true],
    ['a key of a known service', false],
    undefined,
    undefined,
    ['what looks like a secret (secretlint: github)', true],
  ]);
  expect(JSON.stringify(looks)).not.toContain(token);
});
