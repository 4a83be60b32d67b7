import { describe, expect, test } from 'vitest';
import { findCanary } from './canary.js';

const CANARY = 'c4nary/"secret"';

describe('findCanary finds what it is there for', () => {
  const hidden = Object.defineProperty({}, 'x', { value: CANARY, enumerable: false });
  class Loud {
    get token() {
      return CANARY;
    }
  }
  test.each<[string, unknown]>([
    ['a text', `before ${CANARY} after`],
    ['a property', { a: { b: CANARY } }],
    ['a hidden property', hidden],
    ['a symbol', { [Symbol('k')]: CANARY }],
    ["a property's name", { [CANARY]: 1 }],
    ['a Map', new Map([['k', { v: CANARY }]])],
    ["a Map's key", new Map([[CANARY, 1]])],
    ['a Set', new Set([[CANARY]])],
    ['a message', new Error(`no ${CANARY}`)],
    ['a cause', new Error('no', { cause: new Error(CANARY) })],
    ['errors of an AggregateError', new AggregateError([new Error(CANARY)])],
    ['bytes', { body: Buffer.from(CANARY) }],
    ['base64', { header: Buffer.from(CANARY).toString('base64') }],
    ['percent-encoding', { url: `https://u:${encodeURIComponent(CANARY)}@h` }],
    ['toString', { toString: () => CANARY }],
    ['toJSON', { toJSON: () => ({ deep: CANARY }) }],
    ['a getter of a class', new Loud()],
    ['a circle', Object.assign([] as unknown[], { 0: hidden })],
  ])('%s', (_what, thing) => {
    expect(findCanary(thing, CANARY)).not.toEqual([]);
  });

  test('and nothing else', () => {
    const circle: Record<string, unknown> = { name: 'canary', list: [1, null, undefined, Symbol.iterator] };
    circle['self'] = circle;
    expect(findCanary(circle, CANARY)).toEqual([]);
    expect(findCanary(new Error('no', { cause: { code: 'E' } }), CANARY)).toEqual([]);
  });
});
