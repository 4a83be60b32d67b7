import { expect, test } from 'vitest';
import { duration } from '../../src/report/duration.js';

test.each([
  [-5, '0 s'],
  [0, '0 s'],
  [0.4, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [75.9, '1 min 15 s'],
  [3600, '1 h'],
  [3661, '1 h 1 min'],
  [3605, '1 h'],
  [86_399, '23 h 59 min'],
  [86_400, '1 d'],
  [864_000, '10 d'],
  [90_061, '1 d 1 h'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
