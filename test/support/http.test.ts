import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpRequest, kindOf, parseRetryAfterMs, sendRequest } from '../../src/support/http.js';
import { findCanary } from '../helpers/canary.js';

let server: Server;
let handle: Parameters<typeof createServer>[1];
const sockets = new Set<Socket>();
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  server = createServer((request, response) => (handle as (...args: unknown[]) => void)(request, response));
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  agent.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const send = (more: Partial<HttpRequest> = {}) =>
  sendRequest({
    protocol: 'http:',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    path: '/',
    method: 'GET',
    headers: {},
    agent,
    timeoutMs: 20_000,
    maxBytes: 1000,
    ...more,
  });

test('a reply, whatever its status; headers in lower case, joined', async () => {
  handle = (_request, response) => {
    response.writeHead(418, { 'X-One': ['a', 'b'], Date: 'Sat, 21 Nov 2026 12:00:00 GMT' });
    response.end('té');
  };
  expect(await send()).toMatchObject({
    ok: true,
    reply: { status: 418, body: 'té', headers: { 'x-one': 'a, b', date: 'Sat, 21 Nov 2026 12:00:00 GMT' } },
  });
});

test('a body that is posted', async () => {
  handle = (request, response) => void request.pipe(response);
  expect(await send({ method: 'POST', body: 'a=b' })).toMatchObject({ reply: { body: 'a=b' } });
});

test('a redirect is a reply like any other', async () => {
  let requests = 0;
  handle = (_request, response) => {
    requests++;
    response.writeHead(302, { Location: '/elsewhere' }).end();
  };
  expect(await send()).toMatchObject({ ok: true, reply: { status: 302 } });
  expect(requests).toBe(1);
});

test('a body may have so many bytes, and no more', async () => {
  handle = (_request, response) => void response.end('x'.repeat(1000));
  expect((await send()).ok).toBe(true);
  handle = (_request, response) => void response.end('x'.repeat(1001));
  expect(await send()).toMatchObject({ ok: false, problem: { kind: 'too-large' } });
});

test('a body that is torn', async () => {
  handle = (_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('half', () => response.socket?.destroy());
  };
  expect(await send()).toMatchObject({ ok: false, problem: { kind: 'network', cause: { code: 'ECONNRESET' } } });
});

test('time is up: before the reply, or in the middle of it', async () => {
  handle = () => {};
  expect(await send({ timeoutMs: 30 })).toMatchObject({ ok: false, problem: { kind: 'timeout' } });
  handle = (_request, response) => void response.write('half');
  expect(await send({ timeoutMs: 30 })).toMatchObject({ ok: false, problem: { kind: 'timeout' } });
});

test('given up: before, and while waiting', async () => {
  let requests = 0;
  const abort = new AbortController();
  handle = () => {
    requests++;
    abort.abort();
  };
  expect(await send({ signal: abort.signal })).toMatchObject({ ok: false, problem: { kind: 'aborted' } });
  expect(await send({ signal: AbortSignal.abort() })).toMatchObject({ ok: false, problem: { kind: 'aborted' } });
  expect(requests).toBe(1);
});

test('a socket that died while idle is tried once more on another; a fresh one is not', async () => {
  const own = new Agent({ keepAlive: true, maxSockets: 1 });
  let requests = 0;
  handle = (request, response) => {
    requests++;
    if (requests === 2) request.socket.destroy();
    else response.end('fine');
  };
  expect((await send({ agent: own })).ok).toBe(true);
  // The second request goes out on the socket of the first, and finds it dead.
  expect(await send({ agent: own })).toMatchObject({ ok: true, reply: { body: 'fine' } });
  expect(requests).toBe(3);
  own.destroy();
  requests = 1;
  expect(await send({ agent: new Agent() })).toMatchObject({ ok: false, problem: { kind: 'network' } });
  expect(requests).toBe(2);
});

test('nobody listens', async () => {
  const port = await new Promise<number>((resolve) => {
    const other = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = other.address() as AddressInfo;
      other.close(() => resolve(free));
    });
  });
  expect(await send({ port })).toMatchObject({
    ok: false,
    problem: { kind: 'network', cause: { code: 'ECONNREFUSED' } },
  });
});

test('a header or a path that HTTP does not allow is a problem, not an exception, and is not quoted', async () => {
  for (const result of [
    await send({ headers: { 'X-IDENTITY-HEADER': 'c4nary\nInjected: 1' } }),
    await send({ path: '/c4nary path' }),
  ]) {
    expect(result).toMatchObject({ ok: false, problem: { kind: 'network' } });
    expect(findCanary(result, 'c4nary')).toEqual([]);
  }
});

test.each([
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'dns'],
  [{ code: 'EAI_AGAIN' }, 'dns'],
  [{ code: 'ETIMEDOUT', syscall: 'getaddrinfo' }, 'dns'],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'tls'],
  [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'tls'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'tls'],
  [{ code: 'CERT_HAS_EXPIRED' }, 'tls'],
  [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'tls'],
  [{ code: 'EPROTO' }, 'tls'],
  [{ code: 'ECONNRESET' }, 'network'],
  [{}, 'network'],
] as const)('kindOf(%j): %s', (cause, kind) => {
  expect(kindOf(cause)).toBe(kind);
});

describe('parseRetryAfterMs', () => {
  const NOW = Date.parse('2026-11-21T12:00:00Z');
  test.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['2', 2000],
    [' 30 ', 30_000],
    ['600', 600_000],
    ['601', 600_000],
    ['999999999', 600_000],
    ['99999999999999999999', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['Sat, 21 Nov 2026 12:00:05 GMT', 5000],
    ['Sat, 21 Nov 2026 11:59:00 GMT', 0],
    ['Sun, 21 Nov 2027 12:00:00 GMT', 600_000],
    ['Sat, nonsense', undefined],
    // Date.parse would take these for years and dates.
    ['2026', 600_000],
    ['2026-11-21T12:00:05Z', undefined],
  ])('%j: %s', (header, expected) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(expected);
  });
});

test('a switch to another protocol is no reply, and nothing to wait for', async () => {
  handle = ({ socket }) =>
    void socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
  expect(await send({ agent: new Agent() })).toMatchObject({ ok: false, problem: { kind: 'network' } });
});

test('the second try, of a socket that was closed under the first, has the time that is left', async () => {
  const own = new Agent({ keepAlive: true });
  let requests = 0;
  handle = (request, response) => {
    requests++;
    if (requests === 1) response.end('first');
    else if (requests === 2) setTimeout(() => request.socket.resetAndDestroy(), 900);
    else setTimeout(() => response.end('too late'), 600);
  };
  expect(await send({ agent: own })).toMatchObject({ ok: true });
  expect(await send({ agent: own, timeoutMs: 1000 })).toMatchObject({ ok: false, problem: { kind: 'timeout' } });
  expect(requests).toBe(3);
  own.destroy();
});
