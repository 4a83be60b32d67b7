import { expect, test } from 'vitest';
import { visible } from '../../src/support/visible.js';

test('control characters are shown', () => {
  expect(visible('a\nb\u001b[0m\u202e')).toBe('a\\u{a}b\\u{1b}[0m\\u{202e}');
  // Invisible, though no control characters: a soft hyphen, an Arabic mark of direction, half a character.
  expect(visible('a\u00adb\u061c\ud800')).toBe('a\\u{ad}b\\u{61c}\\u{d800}');
  expect(visible('Straße 😀')).toBe('Straße 😀');
});
