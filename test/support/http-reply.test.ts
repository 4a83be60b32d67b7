// The bytes that a vault or an identity endpoint sends, in whatever pieces: read as Node's own client reads them, or
// refused.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReplyReader, type ReplyOutcome } from '../../src/support/http-reply.js';

const MAX_BYTES = 1000;

/** `more`: it was not complete; what its end means is in `end`. */
function read(text: string, cuts: readonly number[] = []): { outcome: ReplyOutcome | 'more'; end?: ReplyOutcome } {
  const bytes = Buffer.from(text, 'latin1');
  const reader = createReplyReader(MAX_BYTES);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    const outcome = reader.push(bytes.subarray(from, to));
    if (outcome) return { outcome };
    from = to;
  }
  return { outcome: 'more', end: reader.end() };
}

const good = (status: number, body: string, headers: object = {}, keepsAlive = true) => ({
  ok: true,
  keepsAlive,
  reply: { status, body, headers },
});
const OK = 'HTTP/1.1 200 OK\r\n';
const LONG = 'x'.repeat(MAX_BYTES);

describe('a reply', () => {
  test.each<[string, object]>([
    [`${OK}Content-Length: 2\r\n\r\nhi`, good(200, 'hi', { 'content-length': '2' })],
    [`${OK}content-length:2\r\n\r\nhi`, good(200, 'hi', { 'content-length': '2' })],
    [`${OK}Content-Length: 0\r\n\r\n`, good(200, '', { 'content-length': '0' })],
    [`${OK}Content-Length: 1000\r\n\r\n${LONG}`, good(200, LONG, { 'content-length': '1000' })],
    // No reason, no space before it: RFC 9112 asks for the space, servers leave it out.
    ['HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n', good(404, '', { 'content-length': '0' })],
    ['HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n', good(404, '', { 'content-length': '0' })],
    [
      `${OK}A: 1\r\nB: \r\na:\t2 \r\nContent-Length: 0\r\n\r\n`,
      good(200, '', { a: '1, 2', b: '', 'content-length': '0' }),
    ],
    // A name that objects have anyhow.
    [
      `${OK}__proto__: x\r\nConstructor: y\r\nContent-Length: 0\r\n\r\n`,
      good(200, '', JSON.parse('{"__proto__":"x","constructor":"y","content-length":"0"}')),
    ],
    // In UTF-8; "é" in two bytes.
    [`${OK}Content-Length: 3\r\n\r\nt\u00c3\u00a9`, good(200, 'té', { 'content-length': '3' })],
    ['HTTP/1.1 204 No Content\r\n\r\n', good(204, '')],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', good(304, '', { 'content-length': '9' })],
    // Interim replies announce another one.
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 X\r\n\r\n', good(204, '')],
  ])('%j', (text, expected) => {
    expect(read(text).outcome).toEqual(expected);
  });

  test.each([
    ['2\r\nhi\r\n0\r\n\r\n', 'hi'],
    ['002\r\nhi\r\n0;last\r\n\r\n', 'hi'],
    ['2;a=b;c="d"\r\nhi\r\nA\r\n0123456789\r\n0\r\n\r\n', 'hi0123456789'],
    ['0\r\n\r\n', ''],
    ['2\r\nhi\r\n0\r\nTrailer: x\r\nAnother: y\r\n\r\n', 'hi'],
  ])('in chunks: %j', (chunks, body) => {
    const headers = { 'transfer-encoding': 'Chunked' };
    expect(read(`${OK}Transfer-Encoding: Chunked\r\n\r\n${chunks}`).outcome).toEqual(good(200, body, headers));
  });

  test('as long as it may be, in its head, its trailer and its body', () => {
    const head = `${OK}Content-Length: 0\r\nA: `;
    const longest = 16 * 1024 - head.length - 4;
    expect(read(`${head}${'x'.repeat(longest)}\r\n\r\n`).outcome).toMatchObject({ ok: true });
    expect(read(`${head}${'x'.repeat(longest + 1)}\r\n\r\n`).outcome).toMatchObject({ problem: 'malformed' });
    const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n`;
    const line = `A: ${'x'.repeat(95)}\r\n`;
    const trailer = (more: number) => `${line.repeat(163)}B: ${'x'.repeat(77 + more)}\r\n\r\n`;
    expect(trailer(0)).toHaveLength(16 * 1024);
    expect(read(chunked + trailer(0)).outcome).toMatchObject({ ok: true });
    expect(read(chunked + trailer(1)).outcome).toMatchObject({ problem: 'malformed' });
    const large = createReplyReader(200_000);
    expect(large.push(Buffer.from(`${OK}Content-Length: 200000\r\n\r\n`))).toBeUndefined();
    expect(large.push(Buffer.alloc(200_000, 'x'))).toMatchObject({ ok: true, keepsAlive: true });
  });

  test('that ends with the connection', () => {
    expect(read(`${OK}\r\nhi`)).toEqual({ outcome: 'more', end: good(200, 'hi', {}, false) });
    expect(read(`${OK}\r\n`)).toEqual({ outcome: 'more', end: good(200, '', {}, false) });
  });

  test.each([
    `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    `${OK}Connection: Keep-Alive, Close\r\nContent-Length: 0\r\n\r\n`,
    'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    // Bytes that nobody asked for.
    `${OK}Content-Length: 2\r\n\r\nhi!`,
    `${OK}Content-Length: 0\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
  ])('after which nothing may follow: %j', (text) => {
    expect(read(text).outcome).toMatchObject({ ok: true, keepsAlive: false });
  });

  test.each([
    `${OK}Content-Length: 1001\r\n\r\n`,
    `${OK}Content-Length: 999999999999999\r\n\r\n`,
    `${OK}\r\n${LONG}x`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n3e8\r\n${LONG}\r\n1\r\nx`,
    `${OK}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n${LONG}x`,
  ])('too large: %.60j', (text) => {
    expect(read(text).outcome).toEqual({ ok: false, problem: 'too-large' });
  });

  test.each([
    ['small chunks that say a lot', `1;${'x'.repeat(1000)}\r\nx\r\n`, `${OK}Transfer-Encoding: chunked\r\n\r\n`],
    ['interim replies without end', `HTTP/1.1 100 ${'x'.repeat(1000)}\r\n\r\n`, ''],
  ])('too large, though its body is not: %s', (_, piece, begin) => {
    const reader = createReplyReader(MAX_BYTES);
    let outcome = reader.push(Buffer.from(begin));
    let pieces = 0;
    for (; !outcome && pieces < 200; pieces++) outcome = reader.push(Buffer.from(piece));
    expect(outcome).toEqual({ ok: false, problem: 'too-large' });
    expect(pieces).toBeLessThan(70);
  });

  test.each([
    '',
    'HTT',
    OK,
    `${OK}Content-Length: 3\r\n\r\nhi`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
    'HTTP/1.1 100 Continue\r\n\r\n',
  ])('torn: %j', (text) => {
    expect(read(text)).toEqual({ outcome: 'more', end: { ok: false, problem: 'torn' } });
  });

  test.each([
    // Another protocol, known by its first bytes: it may wait for us to speak.
    'SSH-2.0-OpenSSH_9.6\r\n',
    '\x15\x03\x01\x00\x02\x02\x50',
    'HTTP/2.0 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 99 OK\r\n\r\n',
    'HTTP/1.1 600 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 200 O\x00K\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    // Where a reply ends would be a guess: request smuggling lives of these.
    `${OK}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`,
    `${OK}Content-Length: 1, 1\r\n\r\nx`,
    `${OK}Content-Length: +1\r\n\r\nx`,
    `${OK}Content-Length: 0x1\r\n\r\nx`,
    `${OK}Content-Length: \r\n\r\nx`,
    `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${OK}Transfer-Encoding: identity\r\n\r\nx`,
    `${OK}Content-Length : 1\r\n\r\nx`,
    `${OK} folded: 1\r\n\r\n`,
    `${OK}A: 1\r\n folded\r\n\r\n`,
    `${OK}A: 1\nB: 2\r\n\r\n`,
    `${OK}A: 1\rB: 2\r\n\r\n`,
    `${OK}A: \x01\r\n\r\n`,
    `${OK}: no name\r\n\r\n`,
    `${OK}no value\r\n\r\n`,
    ...['g', '', '-1', ' 1', '1 ', '0x1', '123456789', '1\n', '1;\x00'].map(
      (size) => `${OK}Transfer-Encoding: chunked\r\n\r\n${size}\r\nx\r\n0\r\n\r\n`,
    ),
    `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n`,
    // Without an end.
    `${OK}A: ${'x'.repeat(16 * 1024 - OK.length - 3)}`,
    `${OK}A: ${'x'.repeat(17_000)}\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${'A: x\r\n'.repeat(3000)}`,
  ])('malformed: %.80j', (text) => {
    expect(read(text).outcome).toEqual({ ok: false, problem: 'malformed' });
  });
});

/** Pieces that replies are made of, mostly in order, and what breaks them. */
const headerLine = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n') },
  { weight: 2, arbitrary: fc.constantFrom('Date: x\r\n', 'Connection: close\r\n', 'X-A: 1\r\n', 'x-a:2\r\n') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Content-Length: 4\r\n', ' folded\r\n', 'X: \x00\r\n', 'X : 1\r\n', 'X: 1\n', 'X\r\n'),
  },
);
const piece = fc.constantFrom(
  'hello',
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  '0\r\nT: x\r\n\r\n',
  '\r\n',
  'a',
  '\x00',
  '5;x\r\n',
);
const replyText = fc
  .tuple(
    fc.constantFrom(
      OK,
      OK,
      OK,
      'HTTP/1.1 204 X\r\n',
      'HTTP/1.0 200 OK\r\n',
      'HTTP/1.1 100 C\r\n\r\nHTTP/1.1 404\r\n',
      '',
    ),
    fc.array(headerLine, { maxLength: 3 }),
    fc.array(piece, { maxLength: 4 }),
  )
  .map(([status, headers, pieces]) => `${status}${headers.join('')}\r\n${pieces.join('')}`);

test('it makes no difference where a reply is cut', () => {
  fc.assert(
    fc.property(replyText, fc.array(fc.nat(400), { maxLength: 12 }), (text, cuts) => {
      const whole = read(text);
      const cut = read(text, cuts);
      // Only what comes behind a complete reply may be seen or not, and then nothing may follow on the connection.
      const less = ({ outcome, end }: ReturnType<typeof read>) =>
        outcome !== 'more' && outcome.ok ? { ...outcome, keepsAlive: undefined } : { outcome, end };
      expect(less(cut)).toEqual(less(whole));
    }),
    { numRuns: 2000 },
  );
});

/** How much of it is a complete reply, or all of it. */
function lengthOf(text: string): number {
  const reader = createReplyReader(MAX_BYTES);
  const bytes = Buffer.from(text, 'latin1');
  const last = bytes.findIndex((_, i) => reader.push(bytes.subarray(i, i + 1)) !== undefined);
  return last < 0 ? text.length : last + 1;
}

describe("beside Node's own client", () => {
  let server: net.Server;
  let bytes: Buffer;
  beforeAll(async () => {
    server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  const byNode = () =>
    new Promise<{ status: number | undefined; body: string } | 'refused'>((resolve) => {
      const { port } = server.address() as AddressInfo;
      http
        .get({ host: '127.0.0.1', port, agent: false }, (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (text: string) => {
            body += text;
          });
          response.on('error', () => resolve('refused'));
          response.on('close', () => resolve(response.complete ? { status: response.statusCode, body } : 'refused'));
        })
        .on('error', () => resolve('refused'))
        .on('upgrade', () => resolve('refused'));
    });
  const byUs = (text: string) => {
    const { outcome, end } = read(text);
    const last = outcome === 'more' ? end : outcome;
    return last?.ok ? { status: last.reply.status, body: last.reply.body } : 'refused';
  };

  test('what is read is what Node reads, and what Node refuses is refused', async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(replyText, async (text) => {
        // What comes behind a complete reply is another matter: here it closes the connection.
        bytes = Buffer.from(text.slice(0, lengthOf(text)), 'latin1');
        const ours = byUs(text);
        const theirs = await byNode();
        if (ours !== 'refused') expect(ours).toEqual(theirs);
        if (theirs === 'refused') expect(ours).toBe('refused');
        if (ours !== 'refused') both++;
      }),
      { numRuns: 600 },
    );
    // Or it would show nothing.
    expect(both).toBeGreaterThan(100);
  });
});
