// Plain http and tokens of the platform go to near hosts only: each wrong yes here is a token given away.
import { expect, test } from 'vitest';
import { isContainersHost, isNear } from '../../src/support/near.js';

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

test.each([
  '172.16.0.1',
  '172.19.255.255',
  '172.20.1.1',
  '172.31.0.1',
  '100.64.0.1',
  '100.99.1.1',
  '100.110.1.1',
  '100.127.255.255',
])('%s is the machine under a container of App Service', (host) => expect(isContainersHost(host)).toBe(true));

test.each([
  '172.15.0.1',
  '172.32.0.1',
  '172.1.0.1',
  '1172.16.0.1',
  '172.16.0',
  '172.16.0.0.1',
  '172x16.0.1',
  '172.16.a.b',
  '100.63.0.1',
  '100.128.0.1',
  '100.6.0.1',
  '10.92.0.4',
  '192.168.0.1',
  '127.0.0.1',
  '172.16.evil.example',
  '[::ffff:172.16.0.1]',
])('%j is not', (host) => {
  expect(isContainersHost(host)).toBe(false);
});
