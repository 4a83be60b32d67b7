// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
import { expect, test } from 'vitest';
import { groupsOf } from '../../src/rotation/groups.js';
import { keyOf, planOf, ref } from '../helpers/fixtures.js';

const groups = (env: Record<string, string>) =>
  groupsOf(planOf(env))
    .map((group) => group.map((key) => /\/([^/]*)\//.exec(key)?.[1] ?? key).sort())
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));

test('what ends in one setting belongs together', () => {
  expect(groups({ A: ref('a'), B: ref('b') })).toEqual([['a'], ['b']]);
  expect(groups({ A: `${ref('a')}:${ref('b')}`, C: ref('c') })).toEqual([['a', 'b'], ['c']]);
  expect(groups({ U: ref('u'), P: ref('p'), URL: '${U}:${P}', X: ref('x') })).toEqual([['p', 'u'], ['x']]);
});

test('through chains, shared secrets and both together', () => {
  expect(groups({ A: ref('a'), T: '${A}', U: `\${T}${ref('b')}`, V: `${ref('b')}${ref('c')}`, D: ref('d') })).toEqual([
    ['a', 'b', 'c'],
    ['d'],
  ]);
  expect(groups({ A: ref('a'), B: ref('b'), C: ref('c'), X: '${A}${B}', Y: '${B}${C}', Z: '${C}${A}' })).toEqual([
    ['a', 'b', 'c'],
  ]);
  expect(groups({ X: `${ref('a')}${ref('b')}`, Y: `${ref('c')}${ref('d')}`, Z: `${ref('d')}${ref('a')}` })).toEqual([
    ['a', 'b', 'c', 'd'],
  ]);
});

test('the same secret twice is no group', () => {
  expect(groups({ A: `${ref('a')}${ref('a', 'Encode=uri')}`, T: '${A}' })).toEqual([['a']]);
  expect(groupsOf(planOf({ A: `${ref('a')}${ref('a')}` }))).toEqual([[keyOf('a')]]);
});

test('a chain of 20,000 is one group, and not the square of it in memory', () => {
  const plan = planOf({ T0: ref('s0') });
  const [first] = plan.settings;
  if (!first) throw new Error('no setting');
  const count = 20_000;
  const settings = Array.from({ length: count }, (_, i) => ({
    ...first,
    setting: `T${i}`,
    reads: [keyOf(`s${i}`)],
    mentions: i > 0 ? [`T${i - 1}`] : [],
  }));
  const reads = new Map(settings.flatMap(({ reads: [key = ''] }) => [...plan.reads.values()].map((r) => [key, r])));
  const [group, ...others] = groupsOf({ ...plan, settings, reads });
  expect(new Set(group).size).toBe(count);
  expect(others).toEqual([]);
});

test('nothing to read, no groups', () => {
  expect(groups({ A: '@@KeyVault(x)' })).toEqual([]);
});
