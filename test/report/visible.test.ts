import { expect, test } from 'vitest';
import { duration, visible } from '../../src/report/visible.js';

test('control characters are shown', () => {
  expect(visible('a\nb\u001b[0m\u202e')).toBe('a\\u{a}b\\u{1b}[0m\\u{202e}');
  // Invisible, though no control characters: a soft hyphen, an Arabic mark of direction, half a character.
  expect(visible('a\u00adb\u061c\ud800')).toBe('a\\u{ad}b\\u{61c}\\u{d800}');
  expect(visible('Straße 😀')).toBe('Straße 😀');
});

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
