import { expect, test } from 'vitest';
import { warningsAbout } from '../../src/startup/session.js';
import { OWN_SETTINGS } from '../../src/support/own-settings.js';

test.each([
  ['VAULTSTRAP_TIMEOUT', ': did you mean VAULTSTRAP_TIMEOUT_SECONDS?'],
  ['VAULTSTRAP_IDENTIY', ': did you mean VAULTSTRAP_IDENTITY?'],
  ['VAULTSTRAP_COLOUR_OF_THE_MOON', '.'],
])('a setting that we do not have is named: %s', (name, end) => {
  expect(warningsAbout({ [name]: 'x' })).toEqual([`${name} is no setting of vaultstrap and has no effect${end}`]);
});

test('those that we have are no news, nor is our own record', () => {
  const env = Object.fromEntries(
    [...OWN_SETTINGS, 'VAULTSTRAP_REFERENCES', 'VAULTSTRAP_REFERENCES_2'].map((n) => [n, 'x']),
  );
  expect(warningsAbout(env)).toEqual([]);
});

test.each(['http', 'HTTPS', 'net,fs', 'tls', 'undici', '*'])('NODE_DEBUG=%s prints tokens', (NODE_DEBUG) => {
  expect(warningsAbout({ NODE_DEBUG })).toEqual([expect.stringContaining('NODE_DEBUG')]);
});

test('NODE_DEBUG of something harmless does not', () => {
  expect(warningsAbout({ NODE_DEBUG: 'fs,module' })).toEqual([]);
});
