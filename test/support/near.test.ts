// Plain http and tokens of the platform go to near hosts only: each wrong yes here is a token given away.
import { expect, test } from 'vitest';
import { isNear } from '../../src/support/near.js';

test.each(['localhost', '127.0.0.1', '127.255.255.254', '169.254.169.254', '169.254.0.1', '[::1]'])('%s is', (host) => {
  expect(isNear(host)).toBe(true);
});

test.each([
  '',
  'localhost.evil.example',
  'evil-localhost',
  'a.localhost',
  '127.0.0.1.evil.example',
  '127.evil.example',
  '127.0.0',
  '127.0.0.0.1',
  '1127.0.0.1',
  '127x0.0.1',
  '128.0.0.1',
  '10.0.0.4',
  '169.254.evil.example',
  '169.254.1',
  '169.254.1.1.1',
  '169.254.a.b',
  '169.2540.1.1',
  '169x254.1.1',
  '169.254x1x1',
  '0.0.0.0',
  '[::2]',
  '[::1',
  '::1',
  '[fe80::1]',
  '[::ffff:127.0.0.1]',
])('%j is not', (host) => {
  expect(isNear(host)).toBe(false);
});
