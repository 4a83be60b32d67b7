// What stands in the environment beside references: records of the platform and of ours, identities, our own settings.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textOf } from '../../src/rotation/changes.js';
import { composeSettings } from '../../src/rotation/compose.js';
import { bareName, isProtected, isRecord, namesOf } from '../../src/settings/names.js';
import { planSettings } from '../../src/settings/plan.js';
import { readPlatformRecord } from '../../src/settings/platform-record.js';
import { printProvenance, readProvenance } from '../../src/settings/provenance.js';
import { readConfig } from '../../src/support/config.js';
import { BootstrapError } from '../../src/support/errors.js';
import { parseIdentity, printIdentity } from '../../src/support/identity-selector.js';
import { parseVaultEndpoint } from '../../src/support/platform.js';
import { isVaultSuffix } from '../../src/support/vault-names.js';
import { anyCharacter } from '../helpers/any-text.js';
import { findCanary } from '../helpers/canary.js';
import { configOf, good, NOW_MS, ref } from '../helpers/fixtures.js';

const CANARY = 'c4nary';
const text = fc.string({ unit: anyCharacter, maxLength: 60 });
const name = fc
  .oneof(fc.constantFrom('PW', 'URL', '__proto__', 'constructor', '0', 'APPSETTING_PW', 'ü'), text)
  .filter((one) => one !== '' && !isRecord(one));
const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, [], {}, CANARY));

test('the record of ours is believed for just the values that were written', () => {
  const entry = fc.record({
    value: fc.option(text, { nil: undefined }),
    pointer: text,
    version: fc.option(text, { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, entry), { selector: ([one]) => one, maxLength: 6 }),
      name,
      (all, changed) => {
        const resolvedAt = new Date(NOW_MS).toISOString();
        const record = printProvenance(
          all.map(([one, { value, pointer, version }]) => ({
            ...{ name: one, value, pointer, resolvedAt },
            ...(version !== undefined && { version }),
          })),
        );
        const written = all.flatMap(([one, { value }]) => (value === undefined ? [] : [[one, value] as const]));
        const env = Object.fromEntries([...record, ...written]);
        const believed = readProvenance(env);
        expect([...believed.keys()].sort()).toEqual(all.map(([one]) => one).sort());
        for (const [one, { pointer, version, value }] of all) {
          const { pointer: kept, version: which, unset } = believed.get(one) ?? {};
          expect([kept, which ?? '', unset]).toEqual([pointer, version ?? '', value === undefined ? true : undefined]);
        }
        // Somebody sets one of them since: with 16 bits one in 65,536 such values would pass for ours.
        const since = { ...env, [changed]: `${env[changed] ?? ''}-${CANARY}` };
        const left = [...readProvenance(since).keys()];
        expect(left.filter((one) => one !== changed).sort()).toEqual(
          all
            .map(([one]) => one)
            .filter((one) => one !== changed)
            .sort(),
        );
      },
    ),
  );
});

test('a record of any shape is read, or passed over; it throws nothing, and makes no setting of itself', () => {
  const shape = fc.oneof(
    text,
    json.map((value) => JSON.stringify(value)),
    fc
      .dictionary(
        fc.constantFrom(
          'v',
          'salt',
          'settings',
          'PW',
          'pointer',
          'resolvedAt',
          'check',
          'unset',
          'status',
          'rawReference',
        ),
        json,
      )
      .map((value) => JSON.stringify({ v: 1, salt: 's', settings: { PW: value }, PW: value })),
    fc.constantFrom('['.repeat(9000), '{"a":'.repeat(9000), '1'.repeat(9000)),
  );
  fc.assert(
    fc.property(shape, shape, (ours, platform) => {
      const env = { VAULTSTRAP_REFERENCES: ours, WEBSITE_KEYVAULT_REFERENCES: platform, PW: 'x', REF: ref() };
      const record = readPlatformRecord(env);
      for (const { rawReference, status } of record.entries.values()) {
        expect([typeof rawReference, typeof status]).toEqual(['string', 'string']);
      }
      const plan = planSettings(env, configOf(), NOW_MS);
      expect(plan.settings.map(({ setting }) => setting)).toContain('REF');
      expect(plan.settings.flatMap(({ names }) => names).filter((one) => isProtected(one))).toEqual([]);
      expect(plan.warnings.length).toBe(record.isWhole ? 0 : 1);
    }),
    { numRuns: 200 },
  );
});

test('a chain of templates as long as an environment can hold is planned', () => {
  const env: Record<string, string> = { S0: ref() };
  for (let i = 1; i < 10_000; i++) env[`S${i}`] = `\${S${i - 1}}`;
  const plan = planSettings(env, configOf(), NOW_MS);
  expect(plan.settings.map(({ setting }) => setting)).toEqual(Object.keys(env));
  const last = composeSettings(plan, () => good('s')).at(-1);
  expect(last && textOf(last)).toBe('s');
  const circle = planSettings({ ...env, S0: `${ref()}\${S9999}` }, configOf(), NOW_MS);
  expect(circle.settings.every(({ failure }) => failure?.code === 'ERR_TEMPLATE_CIRCLE')).toBe(true);
});

test('a name is protected whatever its case and twin, and what is not keeps its name', () => {
  fc.assert(
    fc.property(fc.oneof(name, fc.constantFrom('PATH', 'Website_X', 'node_options', 'vaultstrap_')), (one) => {
      expect(isProtected(one.toLowerCase())).toBe(isProtected(one.toUpperCase()));
      if (!one.startsWith('APPSETTING_')) expect(isProtected(`APPSETTING_${one}`)).toBe(isProtected(one));
      const { setting, names } = namesOf(one, { [one]: 'v', [`APPSETTING_${bareName(one)}`]: 'v' });
      expect(names).toContain(setting);
      expect(names.every((twin) => bareName(twin) === bareName(one))).toBe(true);
    }),
  );
});

test('an identity prints as what it was read from', () => {
  const id = fc.oneof(
    text,
    fc.uuid(),
    fc.uuid().map((guid) => `object:${guid.toUpperCase()}`),
    fc.constant('SYSTEM'),
  );
  fc.assert(
    fc.property(id, (written) => {
      const selector = parseIdentity(written);
      if (!selector) return;
      const printed = printIdentity(selector);
      expect(parseIdentity(printed)).toEqual(selector);
      expect(printIdentity(parseIdentity(printed) ?? selector)).toBe(printed);
      expect(printed).toMatch(/^[^\s]+$/);
    }),
    { numRuns: 500 },
  );
});

test('our own settings: a complete configuration, or an error that names settings and quotes none', () => {
  const names = ['ENABLED', 'IGNORE', 'IDENTITY', 'ON_ERROR', 'ON_REVOKED', 'TIMEOUT_SECONDS', 'REFRESH_SECONDS'];
  names.push('SETTLE_SECONDS', 'CONCURRENCY', 'CLIENT', 'VAULT_SUFFIX', 'ALLOWED_HOSTS', 'LOG', 'VAULT_ENDPOINT');
  const given = fc.oneof(
    text.map((one) => one + CANARY),
    fc.constantFrom('', ' ', '0', '1', '300', '1e3', '-1', 'true', 'throw', 'keep', 'system', 'sdk', 'warn'),
    fc.constantFrom('vault.azure.cn', 'kv.corp:8443', 'https://127.0.0.1:8443', 'https://evil.example', CANARY),
  );
  const env = fc.dictionary(
    fc.constantFrom(...names.map((one) => `VAULTSTRAP_${one}`), 'WEBSITE_SITE_NAME', 'AZURE_CLIENT_ID'),
    given,
  );
  fc.assert(
    fc.property(env, (settings) => {
      try {
        const config = readConfig(settings);
        for (const [min, value, max] of [
          [1000, config.timeoutMs, 600_000],
          [0, config.refreshMs, 86_400_000],
          [0, config.settleMs, 3_600_000],
          [1, config.concurrency, 256],
        ] as const) {
          expect(value >= min && value <= max && Number.isInteger(value)).toBe(true);
        }
        expect(isVaultSuffix(config.vaultSuffix)).toBe(true);
        if (config.vaultEndpoint) expect(['127.0.0.1', 'localhost', '::1']).toContain(config.vaultEndpoint.address);
      } catch (error) {
        if (!(error instanceof BootstrapError)) throw error;
        expect(error.failures.length).toBeGreaterThan(0);
        for (const { setting } of error.failures) expect(Object.keys(settings)).toContain(setting);
        expect(findCanary(error, CANARY)).toEqual([]);
      }
    }),
    { numRuns: 1000 },
  );
});

test('on the platform no setting redirects the vaults; elsewhere only to this machine', () => {
  const endpoint = fc.oneof(
    text,
    fc
      .tuple(
        fc.constantFrom('127.0.0.1', 'localhost', '[::1]', '10.0.0.4', 'a.localhost', 'localhost@evil'),
        fc.nat(99_999),
      )
      .map(([host, port]) => `https://${host}:${port}`),
  );
  fc.assert(
    fc.property(endpoint, fc.boolean(), (VAULTSTRAP_VAULT_ENDPOINT, onAzure) => {
      const parsed = parseVaultEndpoint({ VAULTSTRAP_VAULT_ENDPOINT, ...(onAzure && { WEBSITE_SITE_NAME: 'app' }) });
      if (!parsed || 'problem' in parsed) return;
      expect(onAzure).toBe(false);
      expect(parsed.address).toMatch(/^(127\.0\.0\.1|localhost|::1)$/i);
      expect(parsed.port >= 1 && parsed.port <= 65_535).toBe(true);
    }),
    { numRuns: 500 },
  );
});
