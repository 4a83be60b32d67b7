// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOf } from '../../src/rotation/changes.js';
import { composeSettings } from '../../src/rotation/compose.js';
import { selectField } from '../../src/rotation/field.js';
import { groupsOf } from '../../src/rotation/groups.js';
import { LONGEST_TIMER_MS, nextDelayMs } from '../../src/rotation/schedule.js';
import { referenceText } from '../../src/rotation/value.js';
import { mentionsOf } from '../../src/settings/mentions.js';
import { planSettings } from '../../src/settings/plan.js';
import { printProvenance, readProvenance } from '../../src/settings/provenance.js';
import { expandTemplate } from '../../src/settings/template.js';
import { anyCharacter } from '../helpers/any-text.js';
import { configOf, good, NOW_MS, planOf, ref } from '../helpers/fixtures.js';
import { HOSTILE } from '../helpers/hostile.js';

/** Any text that can be a value, often with what shells, templates and placeholders are made of. */
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc
    .array(fc.constantFrom(...HOSTILE.filter((text) => text.length < 100)), { maxLength: 8 })
    .map((all) => all.join('')),
  fc.string({ unit: fc.constantFrom(...'$`\\{}()&\'"-:+ \n\uE000\uE001aA_1@;='), maxLength: 60 }),
);

describe('expandTemplate', () => {
  test('any value, in any number, comes through', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, alone) => {
        const values: Record<string, string> = { A: a, B: b };
        const text = expandTemplate(['<${A}|$B|${NONE:-${B}}|${A:+x}', { value: alone }, '>'], (name) => values[name]);
        expect(text).toBe(`<${a}|${b}|${b}|${a ? 'x' : ''}${alone}>`);
      }),
      { numRuns: 500 },
    );
  });

  test('is total, ends, and invents nothing, whatever the template is', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '${',
        '}',
        '$',
        'A',
        'B',
        ':-',
        ':+',
        '-',
        '+',
        '\\',
        '$&',
        "$'",
        '$`',
        '$(id)',
        '{',
        'constructor',
        '__proto__',
        'null',
        ' ',
      ),
      { maxLength: 30 },
    );
    const values: Record<string, string> = { A: 'SECRET', B: '' };
    fc.assert(
      fc.property(pieces, (all) => {
        const text = all.join('');
        const asked: string[] = [];
        const expanded = expandTemplate([text], (name) => {
          asked.push(name);
          return Object.hasOwn(values, name) ? values[name] : undefined;
        });
        // No placeholder is left, and what is asked for is what planning knew of.
        expect(expanded).not.toMatch(/[\uE000\uE001]/);
        expect(asked.sort()).toEqual([...mentionsOf([text]).all].sort());
        // Everything but the secret stood in the template.
        const rest = expanded.replaceAll('SECRET', '');
        for (const char of rest) expect(text).toContain(char);
      }),
      { numRuns: 2000 },
    );
  });

  test('a text without "$" is itself', () => {
    fc.assert(
      fc.property(value, (text) => {
        const plain = text.replaceAll('$', '');
        expect(expandTemplate([plain], () => 'x')).toBe(plain);
      }),
    );
  });
});

describe('an environment', () => {
  const names = ['A', 'B', 'C', 'D', 'E', 'F'];
  const text = fc
    .array(
      fc.oneof(
        fc.constantFrom(...names).map((name) => `\${${name}}`),
        fc.constantFrom(...names).map((name) => `$${name}`),
        fc.constantFrom(...names).map((name) => ref(name.toLowerCase())),
        fc.constantFrom(' ', 'text', '$', '@@KeyVault(', '@KeyVault(x)', '${X:-d}'),
      ),
      { maxLength: 3 },
    )
    .map((all) => all.join(''));
  const environment = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), text), { selector: ([name]) => name })
    .map(Object.fromEntries<string>);

  test('of any shape is planned and composed, each setting once, templates behind their members', () => {
    fc.assert(
      fc.property(environment, (env) => {
        const plan = planOf(env);
        const order = plan.settings.map(({ setting }) => setting);
        expect(new Set(order).size).toBe(order.length);
        for (const { setting, mentions, failure } of plan.settings) {
          if (failure) continue;
          for (const name of mentions)
            expect(order.indexOf(name), `${name} before ${setting}`).toBeLessThan(order.indexOf(setting));
        }
        const composed = composeSettings(plan, (key) => good(plan.reads.get(key)?.secret ?? ''));
        expect(composed.map(({ planned }) => planned.setting)).toEqual(order);
        for (const setting of composed) {
          // Whatever has a value has no reference left that was not escaped.
          const value = textOf(setting);
          if (value !== undefined) expect(value).not.toMatch(/@KeyVault\(VaultName/);
        }
        const grouped = groupsOf(plan).flat();
        expect(grouped.sort()).toEqual([...plan.reads.keys()].sort());
      }),
      { numRuns: 1000 },
    );
  });

  test('resolved once is believed, and gives the same again', () => {
    fc.assert(
      fc.property(environment, (env) => {
        const first = composeSettings(planOf(env), () => good('s'));
        const resolved: Record<string, string> = { ...env };
        const entries = first.flatMap((setting) => {
          const { planned, outcome } = setting;
          const text = textOf(setting);
          if (text === undefined || outcome.kind !== 'value') {
            for (const name of planned.names) delete resolved[name];
            return [];
          }
          for (const name of planned.names) resolved[name] = text;
          return planned.names.map((name) => ({
            name,
            value: text,
            pointer: planned.pointer,
            resolvedAt: new Date(NOW_MS).toISOString(),
          }));
        });
        const child = { ...resolved, ...Object.fromEntries(printProvenance(entries)) };
        expect(readProvenance(child).size).toBe(entries.length);
        const plan = planSettings(child, configOf(), NOW_MS + 1000);
        const again = composeSettings(plan, () => undefined);
        for (const setting of again) {
          if (setting.planned.origin !== 'inherited') continue;
          expect(setting.outcome.kind).toBe('current');
          expect(textOf(setting)).toBe(resolved[setting.planned.setting]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('Field gives back every member of every JSON object as it was written', () => {
  const scalar = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt(),
  );
  const textual = (v: unknown) => (typeof v === 'bigint' ? String(v) : JSON.stringify(v));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), scalar), {
        selector: ([name]) => name,
        minLength: 1,
      }),
      (members) => {
        const json = `{${members.map(([name, v]) => `${JSON.stringify(name)}:${textual(v)}`).join(',')}}`;
        for (const [name, v] of members) {
          const expected = { ok: true, value: typeof v === 'string' ? v : textual(v) };
          expect(selectField(json, `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)).toEqual(expected);
          if (!name.startsWith('/')) expect(selectField(json, name)).toEqual(expected);
        }
      },
    ),
  );
});

test('Field never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.json(), fc.string({ unit: anyCharacter })),
      fc.string({ unit: anyCharacter, minLength: 1 }),
      (json, field) => {
        expect(selectField(json, field).ok).toBeTypeOf('boolean');
      },
    ),
  );
});

test('Encode can be undone', () => {
  fc.assert(
    fc.property(value, (text) => {
      const of = (encode: 'uri' | 'base64' | 'json') => {
        const result = referenceText(text, { encode });
        return result.ok ? result.value : 'failed';
      };
      expect(decodeURIComponent(of('uri'))).toBe(text);
      expect(of('uri')).toMatch(/^[A-Za-z0-9\-._~%]*$/);
      expect(new URL(`db://user:${of('uri')}@host/`).password).toBe(of('uri'));
      expect(Buffer.from(of('base64'), 'base64').toString()).toBe(text);
      expect(JSON.parse(`"${of('json')}"`)).toBe(text);
    }),
  );
});

test('delays stay within their bounds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (intervalMs, spread, random) => {
        const delay = nextDelayMs(intervalMs, spread, random);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(1);
        expect(delay).toBeLessThanOrEqual(
          Math.min(LONGEST_TIMER_MS, Math.max(1, Math.round(intervalMs * (spread ? 1 : 1.1)))),
        );
        if (!spread && intervalMs <= LONGEST_TIMER_MS / 2)
          expect(delay).toBeGreaterThanOrEqual(Math.floor(intervalMs * 0.9));
      },
    ),
  );
});
