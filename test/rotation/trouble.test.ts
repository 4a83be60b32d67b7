import { expect, test } from 'vitest';
import { troubleLines } from '../../src/rotation/trouble.js';
import { FORBIDDEN, OUTAGE } from '../helpers/fixtures.js';

const kept = (setting: string, failure = OUTAGE) => ({ setting, becomes: 'kept' as const, failure });

test('one line for all settings with the same trouble', () => {
  const [forbidden, outage, ...none] = troubleLines([
    kept('B', FORBIDDEN),
    kept('A'),
    { ...kept('C'), becomes: 'unresolved' },
    kept('D'),
    kept('E'),
  ]);
  expect(forbidden).toBe('B keeps its last good value (ERR_VAULT_RBAC): no right. Hint: Grant it.');
  expect(outage).toMatch(/^A, D and E keep their last good values \(/);
  expect(none).toEqual([expect.stringMatching(/^C is not resolved \(/)]);
});

test('two, and as many as a line names', () => {
  expect(troubleLines([kept('A'), kept('B')])).toEqual([expect.stringMatching(/^A and B keep/)]);
  const twelve = Array.from({ length: 12 }, (_, i) => kept(`S${i}`));
  expect(troubleLines(twelve)).toEqual([expect.stringMatching(/, S10 and S11 keep/)]);
});

test('of many, not all are named', () => {
  const many = Array.from({ length: 40 }, (_, i) => kept(`S${i}`));
  expect(troubleLines(many)).toEqual([expect.stringMatching(/^S0, S1, .*, S11 and 28 more keep their last good/)]);
  expect(troubleLines([])).toEqual([]);
});
