import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../src/rotation/ledger.js';

const NAMES = ['VS_A', 'VS_B', 'VS_C'] as const;
const env = () => ({ ...process.env });
const clean = () => {
  for (const name of NAMES) delete process.env[name];
};
let ledger: Ledger;
beforeEach(() => {
  clean();
  ledger = createLedger();
});
afterEach(clean);

function write(changes: Readonly<Record<string, string | undefined>>): ReadonlySet<string> {
  return ledger.write(new Map(Object.entries(changes)), env());
}

function begin(): void {
  process.env['VS_A'] = 'raw A';
  process.env['VS_B'] = 'raw B';
  ledger.note(['VS_A', 'VS_B'], env());
  write({ VS_A: 'a', VS_B: undefined });
}

test('writes and removes; undefined is no text', () => {
  begin();
  expect(process.env['VS_A']).toBe('a');
  expect('VS_B' in process.env).toBe(false);
  expect(ledger.written('VS_A')).toBe('a');
  expect([ledger.written('VS_B'), ledger.original('VS_A')]).toEqual([undefined, 'raw A']);
});

describe('what somebody else has written', () => {
  test('is left alone, from the first step on', () => {
    process.env['VS_A'] = 'raw A';
    ledger.note(['VS_A'], env());
    process.env['VS_A'] = 'mine';
    expect(write({ VS_A: 'a' })).toEqual(new Set(['VS_A']));
    expect(process.env['VS_A']).toBe('mine');
    expect(ledger.written('VS_A')).toBeUndefined();
  });

  test('or removed, or added', () => {
    begin();
    delete process.env['VS_A'];
    process.env['VS_B'] = 'mine';
    expect(write({ VS_A: 'a2', VS_B: 'b2' })).toEqual(new Set(['VS_A', 'VS_B']));
    expect([process.env['VS_A'], process.env['VS_B']]).toEqual([undefined, 'mine']);
    ledger.undo(env());
    expect([process.env['VS_A'], process.env['VS_B']]).toEqual([undefined, 'mine']);
  });

  test('stays removed where a later start looks again, and plans with what stands there', () => {
    begin();
    delete process.env['VS_A'];
    ledger.note(['VS_A'], env());
    expect(write({ VS_A: 'a2' })).toEqual(new Set(['VS_A']));
    const copy = env();
    ledger.restoreRemoved(copy);
    expect([copy['VS_A'], process.env['VS_A']]).toEqual([undefined, undefined]);
  });

  test('is ours again when they put our value back', () => {
    begin();
    process.env['VS_A'] = 'mine';
    write({ VS_A: 'a2' });
    process.env['VS_A'] = 'a';
    expect(write({ VS_A: 'a2' }).size).toBe(0);
    expect(process.env['VS_A']).toBe('a2');
  });

  test('is no override when it is what we were about to write', () => {
    begin();
    process.env['VS_A'] = 'a2';
    expect(write({ VS_A: 'a2' }).size).toBe(0);
    expect(write({ VS_A: 'a3' }).size).toBe(0);
    expect(process.env['VS_A']).toBe('a3');
  });

  test('one does not hold back the others', () => {
    begin();
    process.env['VS_A'] = 'mine';
    write({ VS_A: 'a2', VS_B: 'b2' });
    expect([process.env['VS_A'], process.env['VS_B']]).toEqual(['mine', 'b2']);
  });
});

test('the raw value back again is nobody else’s: the worker refilled its environment', () => {
  begin();
  process.env['VS_A'] = 'raw A';
  process.env['VS_B'] = 'raw B';
  expect(write({ VS_A: 'a', VS_B: undefined }).size).toBe(0);
  expect([process.env['VS_A'], process.env['VS_B']]).toEqual(['a', undefined]);
});

test('restoreRemoved puts back the raw values that were taken out, and only those', () => {
  const restored = () => {
    const copy = env();
    ledger.restoreRemoved(copy);
    return copy;
  };
  begin();
  expect(restored()).toMatchObject({ VS_A: 'a', VS_B: 'raw B' });
  process.env['VS_B'] = 'mine';
  expect(restored()['VS_B']).toBe('mine');
  expect(process.env['VS_B']).toBe('mine');
});

describe('undo', () => {
  test('puts back what stood there first, and forgets', () => {
    begin();
    write({ VS_A: 'a2' });
    ledger.undo(env());
    expect([process.env['VS_A'], process.env['VS_B']]).toEqual(['raw A', 'raw B']);
    expect([ledger.written('VS_A'), ledger.original('VS_A')]).toEqual([undefined, undefined]);
  });

  test('removes what was not there', () => {
    ledger.note(['VS_C'], env());
    write({ VS_C: 'c' });
    expect(process.env['VS_C']).toBe('c');
    ledger.undo(env());
    expect('VS_C' in process.env).toBe(false);
  });

  test('what was noted and never written stays', () => {
    process.env['VS_A'] = 'raw A';
    ledger.note(['VS_A'], env());
    process.env['VS_A'] = 'raw A';
    ledger.undo(env());
    expect(process.env['VS_A']).toBe('raw A');
  });
});

test('a new raw value in a variable of ours is a new beginning; our own value is none', () => {
  begin();
  ledger.note(['VS_A'], env());
  expect(ledger.original('VS_A')).toBe('raw A');
  process.env['VS_A'] = 'raw A2';
  ledger.note(['VS_A'], env());
  expect(write({ VS_A: 'a2' }).size).toBe(0);
  expect(process.env['VS_A']).toBe('a2');
  ledger.undo(env());
  expect(process.env['VS_A']).toBe('raw A2');
});
