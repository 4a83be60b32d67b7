import { afterEach, expect, test } from 'vitest';
import { readEnvironment, readVariable } from '../../src/settings/environment.js';

afterEach(() => {
  delete process.env['VS_THING'];
});

test('what every object has is no setting', () => {
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
    expect(readVariable(name)).toBeUndefined();
    expect(readEnvironment()[name]).toBeUndefined();
  }
  process.env['VS_THING'] = 'x';
  expect([readVariable('VS_THING'), readEnvironment()['VS_THING']]).toEqual(['x', 'x']);
});

test('a copy: what is written later does not show in it', () => {
  const before = readEnvironment();
  process.env['VS_THING'] = 'x';
  expect(before['VS_THING']).toBeUndefined();
});
