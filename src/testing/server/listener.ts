// A request's way through a listener: read, log, wait, misbehave or answer.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestRecord } from '../types.js';
import type { ServerClock } from './clock.js';
import { applyFault, deliver, resetConnection } from './deliver.js';
import { emptyReply, type Incoming, type Reply } from './exchange.js';
import type { FaultStore } from './faults.js';
import type { ServerLog } from './request-log.js';

/** More than a secret of 25 KB escaped six-fold in JSON. */
const MAX_BODY_BYTES = 256 * 1024;

export interface ListenerOptions {
  readonly target: 'identity' | 'vault';
  readonly clock: ServerClock;
  readonly faults: FaultStore;
  readonly log: ServerLog;
  readonly connections: ConnectionCounter;
  /** Requests that a fault keeps waiting for ever. */
  readonly held: Set<ServerResponse>;
  latencyMs(): number;
  describe(request: Incoming): Partial<RequestRecord>;
  answer(request: Incoming, note: Partial<RequestRecord>): Reply;
}

export interface ConnectionCounter {
  /** Since the last reset. */
  count(): number;
  numberOf(socket: object): number;
  reset(): void;
}

/** Numbers connections as they become usable: for https, when the handshake is done. */
export function countConnections(
  ...servers: readonly (readonly [server: Server, event: 'connection' | 'secureConnection'])[]
): ConnectionCounter {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  let before = 0;
  for (const [server, event] of servers) server.on(event, (socket: object) => numbers.set(socket, ++last));
  return {
    count: () => last - before,
    numberOf: (socket) => numbers.get(socket) ?? 0,
    reset: () => {
      before = last;
    },
  };
}

/** Undefined if it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function toIncoming(request: IncomingMessage, body: string): Incoming {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return {
    method: request.method ?? 'GET',
    path: path.replace(/\/+$/, '') || '/',
    query: new URLSearchParams(query),
    host: request.headers.host,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body,
  };
}

async function handle(options: ListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const now = (): Date => new Date(options.clock.nowMs());
  const at = now();
  const body = await readBody(request);
  const incoming = toIncoming(request, body ?? '');
  const record = options.log.open({
    at,
    target: options.target,
    method: incoming.method,
    path: incoming.path,
    ...options.describe(incoming),
    status: null,
    connection: options.connections.numberOf(request.socket),
    authorized: false,
  });
  const fault = options.faults.take(record);
  const waitMs = options.latencyMs() + (fault?.delayMs ?? 0);
  if (waitMs > 0) await sleep(waitMs);
  if (response.destroyed) return;
  if (fault?.hang) {
    options.held.add(response);
    response.once('close', () => options.held.delete(response));
    return;
  }
  if (fault?.reset) return resetConnection(response);
  const answer = (): Reply =>
    body === undefined ? emptyReply(413, { Connection: 'close' }) : options.answer(incoming, record);
  const reply = fault ? applyFault(fault, answer) : answer();
  record.status = reply.status;
  await deliver(response, reply, fault, now());
}

export function createListener(options: ListenerOptions): RequestListener {
  return (request, response) => {
    // A client that goes away ends its own request, never the emulator.
    handle(options, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
}
