import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMask, patternsOf } from '../../../src/cli/run/mask.js';

/** The whole at once: what a stream gives, however it is cut. */
function maskAll(patterns: readonly Buffer[], bytes: Uint8Array): Buffer {
  const mask = createMask(patterns);
  return Buffer.concat([mask.push(bytes), mask.end()]);
}

/** What a mask shows of a text that comes in pieces. */
function shown(texts: readonly string[], ...chunks: readonly string[]): string {
  const mask = createMask(patternsOf(texts));
  return Buffer.concat([...chunks.map((chunk) => mask.push(Buffer.from(chunk))), mask.end()]).toString();
}

describe('what is concealed', () => {
  test.each([
    ['a value', ['s3cret'], 'x s3cret y', 'x *** y'],
    ['all of them', ['s3cret', 'passw'], 's3cret passw s3cret', '*** *** ***'],
    ['nothing shorter than four characters', ['abc'], 'abc', 'abc'],
    ['the longer of two that begin alike', ['secret', 'secret-and-more'], 'secret-and-more!', '***!'],
    ['one inside of another', ['inner', 'an inner one'], 'an inner one', '***'],
    ['overlapping ones, all of both', ['abcdef', 'defghi'], 'xabcdefghix', 'x***x'],
    ['one after the other', ['abcd', 'efgh'], 'abcdefgh', '***'],
    ['one that overlaps itself', ['abab'], 'xabababx', 'x***x'],
    ['line by line', ['first line\nab\nlast line\n'], 'last line, first line, ab', '***, ***, ab'],
    ['lines without their indentation', ['{\r\n  "password": "x"\r\n}'], '"password": "x"', '***'],
    ['short lines as a whole', ['ab\ncd'], 'ab\ncd ab', '*** ab'],
    ['as JSON writes it', ['with "quotes"\\'], JSON.stringify('with "quotes"\\'), '"***"'],
    ['as a URL writes it', ['p@ss/word'], 'postgres://u:p%40ss%2Fword@db', 'postgres://u:***@db'],
    ['what is no ASCII', ['pässwörd'], 'x pässwörd y', 'x *** y'],
    ['what no URL can write', ['lone \ud800 one'], 'nothing', 'nothing'],
  ])('%s', (_what, texts, text, expected) => {
    expect(shown(texts, text)).toBe(expected);
    // Byte by byte, too.
    expect(shown(texts, ...text)).toBe(expected);
  });
});

describe('any stream, cut anyhow', () => {
  // Few letters, so that values overlap, repeat and begin alike; 0xff is in no UTF-8.
  const letter = fc.constantFrom(0x61, 0x62, 0x0a, 0xff);
  const pattern = fc.array(letter, { minLength: 4, maxLength: 9 }).map((bytes) => Buffer.from(bytes));
  const stream = fc
    .tuple(fc.array(pattern, { maxLength: 5 }), fc.array(fc.array(letter, { maxLength: 12 }), { maxLength: 8 }))
    .chain(([patterns, noise]) =>
      fc.record({
        patterns: fc.constant(patterns),
        // Values and beginnings of values among noise.
        pieces: fc.array(
          fc.oneof(
            fc.constantFrom(...noise.map((bytes) => Buffer.from(bytes)), Buffer.from('x')),
            ...patterns.flatMap((one) => [fc.constant(one), fc.nat(one.length).map((n) => one.subarray(0, n))]),
          ),
          { maxLength: 12 },
        ),
        cuts: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }),
      }),
    );

  function feed(push: (chunk: Uint8Array) => Buffer, whole: Buffer, cuts: readonly number[]): Buffer[] {
    const parts: Buffer[] = [];
    for (let at = 0, i = 0; at < whole.length; i++) {
      const size = 1 + (cuts[i % cuts.length] ?? 0);
      parts.push(push(whole.subarray(at, at + size)));
      at += size;
    }
    return parts;
  }

  test('shows no value, and the same as all of it at once', () => {
    fc.assert(
      fc.property(stream, ({ patterns, pieces, cuts }) => {
        const whole = Buffer.concat(pieces);
        const mask = createMask(patterns);
        const output = Buffer.concat([...feed(mask.push, whole, cuts), mask.end()]);
        expect(output.toString('latin1')).toBe(maskAll(patterns, whole).toString('latin1'));
        expect(output.toString('latin1')).toBe(slowly(patterns, whole));
        for (const one of patterns) expect(output.includes(one)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test('silences in between show the beginning of a value at most', () => {
    fc.assert(
      fc.property(stream, ({ patterns, pieces, cuts }) => {
        const whole = Buffer.concat(pieces);
        const mask = createMask(patterns);
        const parts = feed((chunk) => Buffer.concat([mask.push(chunk), mask.settle()]), whole, cuts);
        const output = Buffer.concat([...parts, mask.end()]);
        for (const one of patterns) expect(output.includes(one)).toBe(false);
        // Every byte that belongs to none is there once, in order.
        let rest = output.toString('latin1').replaceAll('***', '');
        for (const byte of slowly(patterns, whole).replaceAll('***', '')) {
          const found = rest.indexOf(byte);
          expect(found).toBeGreaterThanOrEqual(0);
          rest = rest.slice(found + 1);
        }
        if (patterns.length === 0) expect(output.equals(whole)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('holds back the possible beginning of a value, and nothing else', () => {
    fc.assert(
      fc.property(stream, ({ patterns, pieces }) => {
        const whole = Buffer.concat(pieces);
        const mask = createMask(patterns);
        const before = mask.push(whole);
        const after = mask.end();
        const tail = Math.max(
          0,
          ...patterns.flatMap((one) =>
            Array.from({ length: one.length }, (_, n) =>
              whole.subarray(-n || whole.length).equals(one.subarray(0, n)) ? n : 0,
            ),
          ),
        );
        expect(after.length).toBeLessThanOrEqual(tail === 0 ? 0 : Math.max(tail, 3));
        expect(Buffer.concat([before, after]).toString('latin1')).toBe(slowly(patterns, whole));
      }),
      { numRuns: 1000 },
    );
  });
});

/** The same in the plainest way: every byte that an occurrence covers, a mask for each run of them. */
function slowly(patterns: readonly Buffer[], whole: Buffer): string {
  const covered = new Array<boolean>(whole.length).fill(false);
  for (const pattern of patterns) {
    for (let at = whole.indexOf(pattern); at >= 0; at = whole.indexOf(pattern, at + 1)) {
      covered.fill(true, at, at + pattern.length);
    }
  }
  return covered
    .map((isCovered, at) => (!isCovered ? String.fromCharCode(whole[at] ?? 0) : at > 0 && covered[at - 1] ? '' : '***'))
    .join('');
}

describe('while it runs', () => {
  test('what cannot become a value is shown at once', () => {
    const mask = createMask(patternsOf(['s3cret']));

    expect(mask.push(Buffer.from('Continue? [y/N] ')).toString()).toBe('Continue? [y/N] ');
    expect(mask.canSettle).toBe(false);
  });

  test('a short beginning after a silence; the rest of the value is concealed then', () => {
    const mask = createMask(patternsOf(['s3cret']));

    expect(mask.push(Buffer.from('Yes')).toString()).toBe('Ye');
    expect(mask.canSettle).toBe(true);
    expect(mask.settle().toString()).toBe('s');
    expect(mask.canSettle).toBe(false);
    expect(mask.settle().toString()).toBe('');
    expect(mask.push(Buffer.from('3cret!')).toString()).toBe('***!');
  });

  test('after a silence that showed the beginning of nothing, no byte comes twice', () => {
    const mask = createMask(patternsOf(['s3cret']));
    const parts = ['Yes', '', ' no'].map((text) => (text ? mask.push(Buffer.from(text)) : mask.settle()).toString());

    expect([...parts, mask.end().toString()].join('|')).toBe('Ye|s| no|');
  });

  test('three bytes are the most that a silence shows of a value', () => {
    const mask = createMask(patternsOf(['s3cret']));

    expect(mask.push(Buffer.from('s3c')).toString()).toBe('');
    expect(mask.canSettle).toBe(true);
    expect(mask.settle().toString()).toBe('s3c');
    expect(mask.push(Buffer.from('ret')).toString()).toBe('***');
  });

  test('a longer beginning is held, however long the silence', () => {
    const mask = createMask(patternsOf(['s3cret']));

    expect(mask.push(Buffer.from('s3cr')).toString()).toBe('');
    expect(mask.canSettle).toBe(false);
    expect(mask.settle().toString()).toBe('');
    expect(mask.push(Buffer.from('et')).toString()).toBe('***');
  });

  test('at the end it is shown: it was none', () => {
    expect(shown(['s3cret'], 'my s3cre')).toBe('my s3cre');
  });

  test('without values every byte passes', () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256));

    expect(maskAll([], bytes).equals(bytes)).toBe(true);
  });

  test('a value that is longer than every chunk, and overlaps itself everywhere', () => {
    const mask = createMask(patternsOf(['a'.repeat(20_000)]));
    const parts = Array.from({ length: 200 }, () => mask.push(Buffer.alloc(1000, 'a')));

    expect(Buffer.concat([...parts, mask.end()]).toString()).toBe('***');
  });
});
