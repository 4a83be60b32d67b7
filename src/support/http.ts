import type { ClientRequest, Agent as HttpAgent, IncomingMessage, RequestOptions } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { type SafeCause, safeCause } from './failure.js';

export interface HttpRequest {
  readonly protocol: 'http:' | 'https:';
  /** Where to connect. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** `Host` among them decides the virtual host, and the TLS server name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent: HttpAgent | HttpsAgent;
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
  readonly kind: 'timeout' | 'aborted' | 'dns' | 'tls' | 'network' | 'too-large';
  readonly cause: SafeCause;
}

export type HttpResult =
  | { readonly ok: true; readonly reply: HttpReply }
  | { readonly ok: false; readonly problem: HttpProblem };

/**
 * One request, one reply, no redirect followed, nothing thrown. A socket that was idle may
 * have been closed by the other side just as it is used again: that is tried once more.
 */
export async function sendRequest(request: HttpRequest): Promise<HttpResult> {
  const startedMs = performance.now();
  const first = await attempt(request);
  if (!first.stale || request.signal?.aborted) return first.result;
  const leftMs = request.timeoutMs - (performance.now() - startedMs);
  return (await attempt({ ...request, timeoutMs: Math.max(1, leftMs) })).result;
}

function attempt(request: HttpRequest): Promise<{ result: HttpResult; stale: boolean }> {
  const { protocol, host, port, path, method, headers, agent, timeoutMs, maxBytes, signal } = request;
  // getBuiltinModule: `import 'node:http'` pulls in undici for its list of exports, some 40 ms.
  const transport = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  return new Promise((resolve) => {
    const options: RequestOptions = { host, port, path, method, agent };
    let outgoing: ClientRequest | undefined;
    try {
      outgoing = transport.request(options);
      // Not among the options: the agent hands those to the socket, and NODE_DEBUG=net prints them, credentials and all.
      for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
    } catch (error) {
      // A header or path that HTTP does not allow: an identity header with a line break, say.
      outgoing?.on('error', () => {}).destroy();
      return resolve({ result: { ok: false, problem: { kind: 'network', cause: safeCause(error) } }, stale: false });
    }

    let settled = false;
    const settle = (result: HttpResult, stale = false) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve({ result, stale });
      if (!result.ok) outgoing.destroy();
    };
    const problem = (kind: HttpProblem['kind'], cause: SafeCause = {}) =>
      settle({ ok: false, problem: { kind, cause } });
    const onAbort = () => problem('aborted');

    // After a stall of the event loop a timer may fire although the reply already waits in
    // its buffer: give it one turn.
    const timer = setTimeout(() => setImmediate(() => problem('timeout')), timeoutMs);
    outgoing.on('error', (error) => {
      const cause = safeCause(error);
      const stale = outgoing.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
      settle({ ok: false, problem: { kind: kindOf(cause), cause } }, stale);
    });
    outgoing.on('response', (incoming) => readBody(incoming, maxBytes, settle, problem));
    // A switch to another protocol (101), which nobody asked for, ends it without an error and without a response.
    outgoing.on('close', () => problem('network', { code: 'ECONNRESET' }));
    // Behind the listeners: giving up destroys the request, and its error would have nobody to go to.
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    outgoing.end(request.body);
  });
}

function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  settle: (result: HttpResult) => void,
  problem: (kind: HttpProblem['kind'], cause?: SafeCause) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) problem('too-large');
    else chunks.push(chunk);
  });
  incoming.on('error', (error) => problem('network', safeCause(error)));
  incoming.on('close', () => {
    if (!incoming.complete) problem('network', { code: 'ECONNRESET' });
  });
  incoming.on('end', () => {
    if (!incoming.complete) return;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    settle({
      ok: true,
      reply: { status: incoming.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') },
    });
  });
}

const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|EPROTO)/;

export function kindOf(cause: SafeCause): HttpProblem['kind'] {
  if (cause.syscall === 'getaddrinfo' || cause.code === 'ENOTFOUND' || cause.code === 'EAI_AGAIN') return 'dns';
  return TLS_CODES.test(cause.code ?? '') ? 'tls' : 'network';
}

/** `Retry-After` in milliseconds: seconds or an HTTP date, at most ten minutes; `undefined` when malformed. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2},/.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), 600_000);
}
