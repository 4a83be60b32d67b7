import fc from 'fast-check';

/**
 * Any character of Unicode, one of ASCII as often as not: `fc.string({ unit: anyCharacter })`. Fast-check's own `'binary'`
 * makes a table of all of them first, which takes nearly two seconds in each file of tests.
 */
export const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10_ffff }))
  .map((code) => String.fromCodePoint(code));
