import type { Connection, Connections } from './connections.js';
import { type Failure, fact, type SafeCause, safeCause } from './failure.js';
import { createReplyReader, type ReplyOutcome, type ReplyReader } from './http-reply.js';
import { clearTimeout, setImmediate, setTimeout } from './timers.js';

export interface HttpRequest {
  readonly connections: Connections;
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  /** The `Host` header. */
  readonly host: string;
  /** The names are constants of ours. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Time limit from the first byte sent to the last one received. */
  readonly timeoutMs: number;
  /** A longer body is an error. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case; a header that came several times is joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why no reply came. */
export interface HttpProblem {
  readonly kind: 'timeout' | 'aborted' | 'denied' | 'dns' | 'tls' | 'network' | 'too-large';
  readonly cause: SafeCause;
}

export type HttpResult =
  | { readonly ok: true; readonly reply: HttpReply }
  | { readonly ok: false; readonly problem: HttpProblem };

/**
 * One request, one reply, no redirect followed, nothing thrown. A socket that was idle may
 * have been closed by the other side just as it is used again: that is tried once more. Does not hold the process.
 *
 * Not `node:http`: its client costs a start of 1,000 secrets twice the processor time and 28 MB (docs/performance.md).
 */
export function sendRequest(request: HttpRequest): Promise<HttpResult> {
  const { connections, body, timeoutMs, maxBytes, signal } = request;
  if (signal?.aborted) return Promise.resolve(failed('aborted'));
  return new Promise((resolve) => {
    let connection: Connection | undefined;
    let isSettled = false;

    const settle = (result: HttpResult, keepsAlive = false) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (keepsAlive) connection?.release();
      else connection?.destroy();
      resolve(result);
    };
    const lose = (cause: SafeCause) => settle(failed(kindOf(cause), cause));
    const conclude = (outcome: ReplyOutcome) => {
      if (outcome.ok) settle({ ok: true, reply: outcome.reply }, outcome.keepsAlive);
      else if (outcome.problem === 'too-large') settle(failed('too-large'));
      else lose(outcome.problem === 'torn' ? LOST : { code: 'ERR_HTTP_REPLY' });
    };
    const onAbort = () => settle(failed('aborted'));

    function begin(): void {
      // Put together here, and again for a second try, so that nothing holds on to it while the reply is awaited.
      const text = textOf(request);
      // A header or path that HTTP does not allow: an identity header with a line break, say. It is not quoted.
      if (text === undefined) {
        settle(failed('network', { code: 'ERR_INVALID_CHAR' }));
        return;
      }
      try {
        connection = connections.take();
      } catch (error) {
        lose(safeCause(error));
        return;
      }
      const { isReused, destroy } = connection;
      // Made when something comes: of those under way most wait.
      let reader: ReplyReader | undefined;
      const onLost = (cause: SafeCause) => {
        const isStale = isReused && !reader && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
        if (!isStale) return lose(cause);
        // The others were idle as long: the same may have come over them. The next one is new, and never stale.
        destroy();
        connections.rest();
        begin();
      };
      connection.exchange(text, body, {
        onData(chunk) {
          reader ??= createReplyReader(maxBytes);
          const outcome = reader.push(chunk);
          if (outcome) conclude(outcome);
        },
        onEnd: () => (reader ? conclude(reader.end()) : onLost(LOST)),
        onClose: onLost,
      });
    }

    // After a stall of the event loop a timer may fire although the reply already waits in
    // its buffer: give it one turn.
    const timer = setTimeout(() => setImmediate(() => settle(failed('timeout'))), timeoutMs).unref();
    signal?.addEventListener('abort', onAbort, { once: true });
    begin();
  });
}

/** A connection that ended without a reason given. */
const LOST: SafeCause = { code: 'ECONNRESET' };

const PATH = /^[!-~]+$/;
const FIELD_VALUE = /^[\t -~\x80-\xff]*$/;

/** All that stands before the body; `undefined` when something in it is not allowed there. */
function textOf({ method, path, host, headers, body }: HttpRequest): string | undefined {
  if (!PATH.test(path) || !FIELD_VALUE.test(host)) return undefined;
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!FIELD_VALUE.test(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}${body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n`;
}

function failed(kind: HttpProblem['kind'], cause: SafeCause = {}): HttpResult {
  return { ok: false, problem: { kind, cause } };
}

const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/;

export function kindOf(cause: SafeCause): HttpProblem['kind'] {
  if (cause.code === 'ERR_ACCESS_DENIED') return 'denied';
  if (cause.syscall === 'getaddrinfo' || cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') return 'dns';
  return TLS_CODES.test(cause.code ?? '') ? 'tls' : 'network';
}

/**
 * `Retry-After` in milliseconds: seconds or an HTTP date, at most ten minutes; `undefined` when malformed. A date is
 * compared with the reply's own: this machine's clock may be another.
 */
export function parseRetryAfterMs({ 'retry-after': text = '', date = '' }: HttpReply['headers']): number | undefined {
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2},/.test(text)
      ? Date.parse(text) - Date.parse(date)
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 600_000);
}

/** By Node's permission model, whose part the network is from Node 25 on: https://nodejs.org/api/permissions.html */
export function forbiddenNetwork(cause: SafeCause): Failure {
  return fact(
    'OtherReasons',
    'ERR_NETWORK_PERMISSION',
    'the permission model forbids the network.',
    'Add --allow-net.',
    cause,
  );
}
