import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../src/support/secret.js';
import { findCanary } from '../helpers/canary.js';

const CANARY = 'c4nary-secret';
const secret = new Secret(CANARY);

test('is told to whoever asks, and to nobody else', () => {
  expect(secret.reveal()).toBe(CANARY);
  expect(findCanary(secret, CANARY)).toEqual([]);
  expect(
    findCanary({ deep: new Map([['k', [secret]]]), error: Object.assign(new Error('x'), { secret }) }, CANARY),
  ).toEqual([]);
});

test('how it shows', () => {
  expect(`${secret}`).toBe('[secret]');
  expect(`a${String(secret)}`).toBe('a[secret]');
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  expect(inspect({ secret })).toBe('{ secret: [secret] }');
  expect(format('%s %j %o %O', secret, secret, secret, secret)).not.toContain(CANARY);
  expect([secret].join()).toBe('[secret]');
  expect(Object.entries(secret)).toEqual([]);
  expect({ ...secret }).toEqual({});
  expect(Reflect.ownKeys(secret)).toEqual([]);
  expect(inspect(structuredClone({ secret }), { showHidden: true })).not.toContain(CANARY);
});

test('equals compares what it hides', () => {
  expect(secret.equals(new Secret(CANARY))).toBe(true);
  expect(secret.equals(new Secret('other'))).toBe(false);
});
