import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createRawServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Connections, createConnections } from '../../src/support/connections.js';
import { type HttpRequest, kindOf, parseRetryAfterMs, sendRequest } from '../../src/support/http.js';
import { findCanary } from '../helpers/canary.js';

let server: Server;
let handle: Parameters<typeof createServer>[1];
const sockets = new Set<Socket>();

const connectionsTo = (port: number): Connections => createConnections(() => connect({ host: '127.0.0.1', port }));
const own = () => connectionsTo((server.address() as AddressInfo).port);
let connections: Connections;

beforeAll(async () => {
  server = createServer((request, response) => (handle as (...args: unknown[]) => void)(request, response));
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  connections = own();
});
afterAll(async () => {
  connections.rest();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const send = (more: Partial<HttpRequest> = {}) =>
  sendRequest({
    connections,
    path: '/',
    method: 'GET',
    host: 'shop.example',
    headers: {},
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

test('time is up although an app has put its own clock in the place of the real one, as its tests do', async () => {
  handle = () => {};
  vi.useFakeTimers();
  try {
    expect(await send({ timeoutMs: 30 })).toMatchObject({ ok: false, problem: { kind: 'timeout' } });
  } finally {
    vi.useRealTimers();
  }
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
  const two = own();
  let requests = 0;
  handle = (request, response) => {
    requests++;
    if (requests === 2) request.socket.destroy();
    else response.end('fine');
  };
  expect((await send({ connections: two })).ok).toBe(true);
  // The second request goes out on the socket of the first, and finds it dead.
  expect(await send({ connections: two })).toMatchObject({ ok: true, reply: { body: 'fine' } });
  expect(requests).toBe(3);
  two.rest();
  requests = 1;
  expect(await send({ connections: own() })).toMatchObject({ ok: false, problem: { kind: 'network' } });
  expect(requests).toBe(2);
});

test('and on one that has just been opened: the others were idle as long', async () => {
  const two = own();
  let requests = 0;
  const held: (() => void)[] = [];
  const isOld = new WeakSet<Socket>();
  handle = (request, response) => {
    requests++;
    if (isOld.has(request.socket)) return void request.socket.destroy();
    isOld.add(request.socket);
    held.push(() => response.end('fine'));
    if (held.length === 3 || requests > 3) for (const release of held.splice(0)) release();
  };
  await Promise.all([1, 2, 3].map(() => send({ connections: two })));
  expect(await send({ connections: two })).toMatchObject({ ok: true, reply: { body: 'fine' } });
  expect(requests).toBe(5);
  two.rest();
});

test('a connection does not hold the process, whichever address answered', async () => {
  const { port } = server.address() as AddressInfo;
  const addresses = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  let socket: Socket | undefined;
  const to = createConnections(() => {
    socket = connect({ host: 'two.example', port, lookup: (_host, _options, answer) => answer(null, addresses) });
    return socket;
  });
  handle = (_request, response) => void response.end('fine');
  expect(await send({ connections: to })).toMatchObject({ reply: { body: 'fine' } });
  expect(socket).toMatchObject({ remoteAddress: '127.0.0.1' });
  expect((socket as unknown as { _handle: { hasRef(): boolean } })._handle.hasRef()).toBe(false);
  to.rest();
});

test('nobody listens', async () => {
  const port = await new Promise<number>((resolve) => {
    const other = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = other.address() as AddressInfo;
      other.close(() => resolve(free));
    });
  });
  expect(await send({ connections: connectionsTo(port) })).toMatchObject({
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
  // The reply's; this machine may believe in another.
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT';
  test.each<[string | undefined, number | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['0', 0],
    ['2', 2000],
    ['30', 30_000],
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
    expect(parseRetryAfterMs({ ...(header !== undefined && { 'retry-after': header }), date })).toBe(expected);
  });
});

test('a Retry-After as a date says nothing without the date of the reply', () => {
  expect(parseRetryAfterMs({ 'retry-after': new Date(Date.now() + 9000).toUTCString() })).toBeUndefined();
});

test('a switch to another protocol is no reply, and nothing to wait for', async () => {
  handle = ({ socket }) =>
    void socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
  expect(await send({ connections: own() })).toMatchObject({ ok: false, problem: { kind: 'network' } });
});

test('the second try, of a socket that was closed under the first, has the time that is left', async () => {
  const two = own();
  let requests = 0;
  handle = (request, response) => {
    requests++;
    if (requests === 1) response.end('first');
    else if (requests === 2) setTimeout(() => request.socket.resetAndDestroy(), 500);
    else setTimeout(() => response.end('too late'), 900);
  };
  expect(await send({ connections: two })).toMatchObject({ ok: true });
  expect(await send({ connections: two, timeoutMs: 1000 })).toMatchObject({ ok: false, problem: { kind: 'timeout' } });
  expect(requests).toBe(3);
  two.rest();
});

describe('what goes over the wire', () => {
  /** Answers the first bytes of each connection with the next of these texts, and keeps what came. */
  async function speak(answers: readonly string[], stall = () => {}) {
    const heard: string[] = [];
    let opened = 0;
    const raw = createRawServer((socket) => {
      opened++;
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        heard.push(bytes.toString());
        socket.write(answers[heard.length - 1] ?? '');
        stall();
      });
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    raw.unref();
    return { heard, opened: () => opened, connections: connectionsTo((raw.address() as AddressInfo).port) };
  }
  const FINE = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine';

  test('one request, in one piece', async () => {
    const { heard, connections: to } = await speak([FINE, FINE]);
    await send({ connections: to, path: '/a?b=c', headers: { 'X-Secret': 'née', Accept: '*/*' } });
    await send({ connections: to, method: 'POST', body: 'é' });
    expect(heard).toEqual([
      'GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\nX-Secret: n\ufffde\r\nAccept: */*\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\né',
    ]);
  });

  test.each([
    [{ headers: { 'X-A': 'a\r\nInjected: 1' } }],
    [{ headers: { 'X-A': 'a\rb' } }],
    [{ headers: { 'X-A': '\0' } }],
    [{ headers: { 'X-A': 'ő' } }],
    [{ host: 'a\r\nInjected: 1' }],
    [{ path: '/a\r\nInjected: 1' }],
    [{ path: '/é' }],
    [{ path: '' }],
  ])('nothing, for %j', async (more) => {
    const { heard, connections: to } = await speak([]);
    expect(await send({ connections: to, ...more })).toEqual({
      ok: false,
      problem: { kind: 'network', cause: { code: 'ERR_INVALID_CHAR' } },
    });
    // The next one is the first to be heard.
    void send({ connections: to, path: '/next', timeoutMs: 50 });
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    expect(heard[0]).toContain('/next');
  });

  test('a word that nobody asked for is never the reply to the next request', async () => {
    const { heard, connections: to } = await speak([`${FINE}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong`, FINE]);
    expect(await send({ connections: to })).toMatchObject({ reply: { body: 'fine' } });
    expect(await send({ connections: to })).toMatchObject({ reply: { body: 'fine' } });
    expect(heard).toHaveLength(2);
  });

  test('nor is one that comes while the connection is idle', async () => {
    let say = (_text: string) => {};
    const closed: Promise<unknown>[] = [];
    const raw = createRawServer((socket) => {
      sockets.add(socket);
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.on('error', () => {});
      socket.on('data', () => socket.write(FINE));
      say = (text) => void socket.write(text);
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    raw.unref();
    const to = connectionsTo((raw.address() as AddressInfo).port);
    await send({ connections: to });
    say(FINE.replace('fine', 'evil'));
    await closed[0];
    expect(await send({ connections: to })).toMatchObject({ reply: { body: 'fine' } });
    expect(closed).toHaveLength(2);
    to.rest();
  });

  test('what is no HTTP', async () => {
    const { connections: to } = await speak(['SSH-2.0-OpenSSH_9.6\r\n']);
    expect(await send({ connections: to })).toEqual({
      ok: false,
      problem: { kind: 'network', cause: { code: 'ERR_HTTP_REPLY' } },
    });
  });

  test('an idle connection that a timeout of its last request outlived stays usable', async () => {
    // The reply and the end of the time come while the loop stands still.
    const untilMs = performance.now() + 600;
    const { opened, connections: to } = await speak([FINE, FINE], () => {
      while (performance.now() < untilMs);
    });
    expect(await send({ connections: to, timeoutMs: 500 })).toMatchObject({ ok: true });
    expect(await send({ connections: to })).toMatchObject({ ok: true });
    expect(opened()).toBe(1);
    to.rest();
  });
});
