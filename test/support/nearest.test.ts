import { expect, test } from 'vitest';
import { nearest } from '../../src/support/nearest.js';

const WORDS = ['VAULTSTRAP_TIMEOUT_SECONDS', 'VAULTSTRAP_REFRESH_SECONDS', 'SecretName', 'SecretUri'] as const;

test.each([
  ['VAULTSTRAP_TIMEOUT', 'VAULTSTRAP_TIMEOUT_SECONDS'],
  ['Secret', 'SecretName'],
  ['Sec', undefined],
  ['VAULTSTRAP_REFRESH_SECOND', 'VAULTSTRAP_REFRESH_SECONDS'],
  ['secretnmae', 'SecretName'],
  ['SecretUrl', 'SecretUri'],
  // A third of its letters, and no more.
  ['SecretXyz', 'SecretUri'],
  ['SecreWxyz', undefined],
  ['SecretUri1234', undefined],
  ['SECRETURI', 'SecretUri'],
  ['Colour', undefined],
  ['', undefined],
])('%s -> %s', (word, expected) => {
  expect(nearest(word, WORDS)).toBe(expected);
});
