// What an endpoint may answer instead of a token, and what becomes of it.

import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/support/clock.js';
import {
  asker,
  CLIENT_ID,
  failureOf,
  findCanaries,
  jumpingClock,
  jwt,
  sendJson,
  serve,
  type TestServer,
  unwrap,
} from './harness.js';

const HEADER = 'CANARY-HEADER-9d1f';
const TOKEN = 'CANARY-TOKEN-77aa';
const TEXT = 'CANARY-TEXT-31c0';
const CANARIES = [HEADER, TOKEN, TEXT];

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

type Answer = (response: ServerResponse, count: number) => void;

async function ask(answer: Answer, { withinMs = 20_000, clock = jumpingClock(), env = {} } = {}) {
  server = await serve((_, response, count) => answer(response, count));
  const one = asker({ IDENTITY_ENDPOINT: `${server.url}/msi/token`, IDENTITY_HEADER: HEADER, ...env }, clock, {
    random: () => 0.5,
  });
  const result = await one.ask({ kind: 'system' }, { withinMs });
  return { result, requests: server.seen.length, clock, counted: one.cache.requests };
}

const send =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(body);
const json = (body: unknown) => send(JSON.stringify(body));

describe('a reply that is not what it should be', () => {
  test.each<[what: string, answer: Answer]>([
    ['HTML', send(`<html>${TEXT}</html>`)],
    ['an empty body', send('')],
    ['torn JSON', send(`{"access_token":"${TOKEN}`)],
    ['null', json(null)],
    ['a string', json(TOKEN)],
    ['an array', json([{ access_token: TOKEN }])],
    ['no token', json({ token: TOKEN })],
    ['a token that is a number', json({ access_token: 5 })],
    ['a token that is an object', json({ access_token: { value: TOKEN } })],
    ['an empty token', json({ access_token: '' })],
    ['a token with a line feed', json({ access_token: `${TOKEN}\nX-Other: 1` })],
    ['a token with a space', json({ access_token: `${TOKEN} ` })],
    ['a token beyond ASCII', json({ access_token: `${TOKEN}é` })],
    ['a token of 65 KB', json({ access_token: TOKEN.padEnd(65_000, 'x') })],
    ['a body of 10 MB', send(TOKEN.padEnd(10_000_000, 'x'))],
    ['JSON of 10 MB', json({ access_token: TOKEN, filler: 'x'.repeat(10_000_000) })],
  ])('%s', async (_, answer) => {
    const { result, requests, counted } = await ask(answer);
    const failure = failureOf(result);
    expect(failure).toMatchObject({ status: 'OtherReasons', code: 'ERR_IDENTITY_REPLY', retry: 'few' });
    expect([requests, counted]).toEqual([3, 3]);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test('a connection torn within the body', async () => {
    const { result, requests } = await ask(
      (response) => {
        response.writeHead(200, { 'Content-Length': '1000' }).write(`{"access_token":"${TOKEN}`);
        setImmediate(() => response.destroy());
      },
      { withinMs: 2000 },
    );
    expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_UNREACHABLE', cause: { code: 'ECONNRESET' } });
    expect(requests).toBeGreaterThan(1);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
    const elsewhere = await serve((_, response) => sendJson(response, { access_token: TOKEN }));
    const { result, requests } = await ask(send('', status, { Location: `${elsewhere.url}/msi/token` }));
    expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_REPLY', retry: 'never', cause: { status } });
    expect(requests).toBe(1);
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  test.each([201, 202, 204])('a success of another kind (%i) is no token', async (status) => {
    const { result } = await ask(send(status === 204 ? '' : `{"access_token":"${TOKEN}"}`, status));
    expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_REPLY', cause: { status } });
  });

  test('the token of another identity is refused', async () => {
    const other = '99999999-9999-4999-8999-999999999999';
    server = await serve((_, response) => sendJson(response, { access_token: TOKEN, client_id: other }));
    const { ask } = asker({ IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: HEADER });
    const result = await ask({ kind: 'client', id: CLIENT_ID });
    expect(failureOf(result)).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_SELECTOR', retry: 'never' });
    expect(server.seen).toHaveLength(1);
    expect(findCanaries(result, CANARIES)).toEqual([]);
    // It named none: whichever it gets.
    unwrap(await ask());
  });

  test.each([CLIENT_ID.toUpperCase(), '', null, 7])('an echo of %o is none', async (client_id) => {
    server = await serve((_, response) => sendJson(response, { access_token: TOKEN, client_id }));
    unwrap(
      await asker({ IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: HEADER }).ask({ kind: 'client', id: CLIENT_ID }),
    );
  });
});

describe('a refusal', () => {
  const body = JSON.stringify({ statusCode: 400, message: TEXT, error: TEXT, error_description: `${HEADER} ${TOKEN}` });

  test.each<[status: number, code: string, retry: string, requests: number]>([
    [400, 'ERR_IDENTITY_NOT_ASSIGNED', 'never', 1],
    [401, 'ERR_IDENTITY_REFUSED', 'few', 3],
    [403, 'ERR_IDENTITY_REFUSED', 'few', 3],
    [404, 'ERR_IDENTITY_REPLY', 'few', 3],
    [405, 'ERR_IDENTITY_REPLY', 'never', 1],
    [418, 'ERR_IDENTITY_REPLY', 'never', 1],
  ])('%i is final after %s', async (status, code, retry, expected) => {
    const { result, requests } = await ask(send(body, status));
    expect(failureOf(result)).toMatchObject({ status: 'MSINotEnabled', code, retry, cause: { status } });
    expect(requests).toBe(expected);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test.each([408, 410, 429, 500, 502, 503, 504])('%i is tried until the deadline', async (status) => {
    const { result, requests, clock } = await ask(send(body, status), { withinMs: 10_000 });
    expect(failureOf(result)).toMatchObject({
      status: 'OtherReasons',
      code: 'ERR_IDENTITY_UNAVAILABLE',
      retry: 'deadline',
      cause: { status },
    });
    expect(requests).toBeGreaterThan(4);
    expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(10_000);
    expect(clock.sleeps.slice(0, 4)).toEqual([125, 250, 500, 1000]);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test.each([429, 500, 503])('%i is over in the meantime', async (status) => {
    const { result, requests } = await ask((response, count) =>
      count < 3 ? send(body, status)(response, count) : json({ access_token: TOKEN })(response, count),
    );
    expect(unwrap(result).token.reveal()).toBe(TOKEN);
    expect(findCanaries(result, CANARIES)).toEqual([]);
    expect(requests).toBe(3);
  });

  test('Retry-After is heeded', async () => {
    const { result, requests, clock } = await ask((response, count) =>
      count === 1
        ? send('', 429, { 'Retry-After': '7' })(response, count)
        : json({ access_token: TOKEN })(response, count),
    );
    expect([result.ok, requests, clock.sleeps]).toEqual([true, 2, [7000]]);
  });

  test('as a date, too', async () => {
    // Hours from here: both dates are the endpoint's.
    const headers = { Date: 'Thu, 15 Jan 2026 08:00:00 GMT', 'Retry-After': 'Thu, 15 Jan 2026 08:00:09 GMT' };
    const { result, clock } = await ask((response, count) =>
      count === 1 ? send('', 503, headers)(response, count) : json({ access_token: TOKEN })(response, count),
    );
    expect([result.ok, clock.sleeps]).toEqual([true, [9000]]);
  });

  test.each(['soon', '-5', '7.5', '', '99999999999999'])('a Retry-After of %o is ignored', async (after) => {
    const { result, clock } = await ask((response, count) =>
      count === 1
        ? send('', 429, { 'Retry-After': after })(response, count)
        : json({ access_token: TOKEN })(response, count),
    );
    expect([result.ok, clock.sleeps]).toEqual([true, [125]]);
  });

  test('a Retry-After behind the deadline ends the waiting', async () => {
    const { result, requests, clock } = await ask(send('', 429, { 'Retry-After': '3600' }));
    expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_UNAVAILABLE', retryAfterMs: 600_000 });
    expect([requests, clock.sleeps]).toEqual([1, []]);
  });

  test.each([
    ['default', 'system', /az webapp identity assign .*VAULTSTRAP_IDENTITY=/],
    ['AZURE_CLIENT_ID', 'client', /AZURE_CLIENT_ID.*VAULTSTRAP_IDENTITY=system/],
    ['VAULTSTRAP_IDENTITY', 'client', /az webapp identity assign .*--identities/],
  ] as const)('the hint of 400 knows where the identity was named: %s', async (identityFrom, kind, hint) => {
    server = await serve((_, response) => sendJson(response, { message: TEXT }, 400));
    const identity = kind === 'system' ? { kind } : { kind, id: CLIENT_ID };
    const { ask } = asker({ IDENTITY_ENDPOINT: server.url, IDENTITY_HEADER: HEADER }, systemClock, {
      config: { identity, identityFrom },
    });
    expect(failureOf(await ask(identity)).hint).toMatch(hint);
  });
});

describe('no reply', () => {
  test('a hang ends by the deadline', async () => {
    const { result, requests } = await ask(() => {}, {
      clock: { ...systemClock, advance: () => {}, sleeps: [] },
      withinMs: 300,
    });
    expect(failureOf(result)).toMatchObject({
      status: 'FetchTimedOut',
      code: 'ERR_IDENTITY_TIMEOUT',
      retry: 'deadline',
    });
    expect(requests).toBe(1);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test('so does a body that never ends', async () => {
    let drip: NodeJS.Timeout | undefined;
    const { result } = await ask(
      (response) => {
        response.writeHead(200).write('{');
        drip = setInterval(() => response.write(' '), 20);
      },
      { clock: { ...systemClock, advance: () => {}, sleeps: [] }, withinMs: 300 },
    );
    clearInterval(drip);
    expect(failureOf(result)).toMatchObject({ code: 'ERR_IDENTITY_TIMEOUT' });
  });

  test('a refused connection', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => listener.close(resolve));
    const env = { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}`, IDENTITY_HEADER: HEADER };
    const { ask, cache } = asker(env, jumpingClock(), { random: () => 0.5 });
    const result = await ask();
    expect(failureOf(result)).toMatchObject({
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_UNREACHABLE',
      retry: 'deadline',
      cause: { code: 'ECONNREFUSED', syscall: 'connect' },
    });
    expect(cache.requests).toBeGreaterThan(4);
    expect(findCanaries(result, CANARIES)).toEqual([]);
  });

  test('plain text where TLS was expected', async () => {
    server = await serve((_, response) => sendJson(response, { access_token: jwt({}) }));
    const { ask } = asker({ IDENTITY_ENDPOINT: server.url.replace('http:', 'https:'), IDENTITY_HEADER: HEADER });
    expect(failureOf(await ask())).toMatchObject({ code: 'ERR_IDENTITY_UNREACHABLE', retry: 'never' });
    expect(server.seen).toEqual([]);
  });
});
