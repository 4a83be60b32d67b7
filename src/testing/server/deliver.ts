// Puts an answer on the wire, the way a fault wants it.
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSettings } from '../protocol.js';
import type { Reply } from './exchange.js';

const HUGE_CHUNK = Buffer.alloc(65_536, 'x');

/** The answer as a fault changes it; without one that decides, the service's own. */
export function applyFault(fault: FaultSettings, answer: () => Reply): Reply {
  const headers = { ...fault.headers };
  if (fault.hugeBytes !== undefined) {
    return {
      status: fault.status ?? 200,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: '',
    };
  }
  if (fault.redirectTo !== undefined) {
    return {
      status: fault.status ?? 307,
      headers: { ...headers, Location: fault.redirectTo },
      body: fault.body ?? '',
    };
  }
  if (fault.status !== undefined || fault.body !== undefined) {
    const body = fault.body ?? '';
    const type = body === '' ? {} : { 'Content-Type': /^\s*[[{]/.test(body) ? 'application/json' : 'text/plain' };
    return { status: fault.status ?? 200, headers: { ...type, ...headers }, body };
  }
  const reply = answer();
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function writeHead(response: ServerResponse, reply: Reply, length: number, now: Date): void {
  response.sendDate = false;
  response.setHeader('Date', now.toUTCString());
  if (reply.status !== 204 && reply.status !== 304) response.setHeader('Content-Length', length);
  // Last, so that a fault may lie about either.
  for (const [name, text] of Object.entries(reply.headers)) response.setHeader(name, text);
  response.writeHead(reply.status, STATUS_CODES[reply.status] ?? 'Unknown');
}

/** Destroys the connection in the least friendly way there is. */
export function resetConnection(response: ServerResponse): void {
  const { socket } = response;
  // Only the TCP socket knows how to send RST; a TLS one is simply destroyed.
  if (socket && 'resetAndDestroy' in socket && !('encrypted' in socket)) socket.resetAndDestroy();
  else socket?.destroy();
}

function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(chunk, done);
  });
}

async function sendHuge(response: ServerResponse, reply: Reply, bytes: number, now: Date): Promise<void> {
  writeHead(response, reply, bytes, now);
  for (let left = bytes; left > 0 && !response.destroyed; left -= HUGE_CHUNK.length) {
    await write(response, HUGE_CHUNK.subarray(0, Math.min(left, HUGE_CHUNK.length)));
  }
  response.end();
}

async function sendDripping(
  response: ServerResponse,
  body: Buffer,
  drip: NonNullable<FaultSettings['drip']>,
): Promise<void> {
  response.flushHeaders();
  const step = drip.bytes ?? 1;
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    if (at > 0) await sleep(drip.everyMs);
    if (!response.destroyed) await write(response, body.subarray(at, at + step));
  }
}

export async function deliver(
  response: ServerResponse,
  reply: Reply,
  fault: FaultSettings | undefined,
  now: Date,
): Promise<void> {
  if (fault?.hugeBytes !== undefined) return sendHuge(response, reply, fault.hugeBytes, now);
  const body = Buffer.from(reply.body);
  const { truncate = false } = fault ?? {};
  const sent = truncate === false ? body : body.subarray(0, truncate === true ? Math.floor(body.length / 2) : truncate);
  writeHead(response, reply, body.length, now);
  if (fault?.drip) await sendDripping(response, sent, fault.drip);
  else if (truncate !== false) {
    response.flushHeaders();
    await write(response, sent);
  } else {
    response.end(body);
    return;
  }
  if (truncate === false) response.end();
  else response.destroy();
}
