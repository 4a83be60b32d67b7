import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { checkNodeVersion } from '../../src/startup/node-version.js';

test.each(['22.13.0', '22.14.1', '23.0.0', '24.1.0', '26.10.0', '22.13.0-nightly'])(
  'Node %s is new enough',
  (version) => {
    expect(() => checkNodeVersion(version)).not.toThrow();
  },
);

test.each(['22.12.0', '22.9.0', '21.99.0', '20.20.2', '18.0.0'])('Node %s is too old, and said to be', (version) => {
  expect(() => checkNodeVersion(version)).toThrow(
    expect.objectContaining({ code: 'ERR_NODE_VERSION', message: expect.stringContaining(`Node ${version}`) }),
  );
});

test('what is too old for the package is too old here', () => {
  const [, lowest = ''] = /^>=([\d.]+)$/.exec(manifest.engines.node) ?? [];
  expect(() => checkNodeVersion(`${lowest}.0`)).not.toThrow();
  const [major = 0, minor = 0] = lowest.split('.').map(Number);
  expect(() => checkNodeVersion(`${major}.${minor - 1}.99`)).toThrow(lowest);
});
