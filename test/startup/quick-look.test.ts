// The look that every Node process of an app pays for, against what a start makes of the same settings.
import { expect, test } from 'vitest';
import { mustStart } from '../../src/startup/quick-look.js';
import { isEnabled } from '../../src/support/config.js';
import { planOf, ref } from '../helpers/fixtures.js';

test.each(['false', '0', ' FALSE\n', '', 'true', '1', 'no', 'falsey', 'offalse', '00'])(
  'VAULTSTRAP_ENABLED=%j: what does not switch off is the start’s to judge',
  (value) => {
    const env = { VAULTSTRAP_ENABLED: value, DB: ref() };
    expect(mustStart(env)).toBe(isEnabled(env, {}));
  },
);

test.each<[string, Record<string, string>]>([
  ['a reference', { DB: ref() }],
  ['what the platform has resolved', { WEBSITE_KEYVAULT_REFERENCES: '{"DB":{"status":"Resolved"}}' }],
  ['a record that cannot be read', { WEBSITE_KEYVAULT_REFERENCES: '[]' }],
  ['what a process before us has resolved', { VAULTSTRAP_REFERENCES: '{}' }],
  ['a setting of our own, which is checked', { VAULTSTRAP_TIMEOUT_SECONDS: 'soon' }],
  ['nearly a reference', { DB: '@KeyVaul(VaultName=shop;SecretName=pw)' }],
])('there is work: %s', (_name, env) => {
  expect(mustStart(env)).toBe(true);
});

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['settings of others', { WEBSITE_SITE_NAME: 'shop', MY_VAULTSTRAP_LOG: 'x', DB: 'postgres://app@db (main)' }],
  ['a template of nothing', { DB: `\${HOME}/db` }],
])('there is none: %s', (_name, env) => {
  expect(mustStart(env)).toBe(false);
  expect(planOf(env).settings).toEqual([]);
});
