import { expect, test } from 'vitest';
import { groupBy } from '../../src/support/group-by.js';

test('groups and what is in them stand in the order in which they came', () => {
  const groups = groupBy(['b1', 'a1', 'b2', '__proto__'], ([first = '']) => first);
  expect([...groups]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
    ['_', ['__proto__']],
  ]);
});
