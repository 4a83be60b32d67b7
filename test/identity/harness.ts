// What the tests of tokens share: clocks under control, small servers, a token cache.
import { accessSync, constants, mkdirSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenCache, type TokenCache, type TokenCacheOptions } from '../../src/identity/tokens.js';
import type { Environment } from '../../src/settings/environment.js';
import { type Clock, systemClock } from '../../src/support/clock.js';
import { type IdentitySelector, SYSTEM_ASSIGNED } from '../../src/support/identity-selector.js';
import { sdkAnchors } from '../../src/support/sdk-loader.js';
import { ARC_KEY_FOLDER } from '../../src/testing/files.js';
import type { IdentityHost } from '../../src/testing/index.js';
import { findCanary } from '../helpers/canary.js';

export * from './results.js';

export const VAULT_RESOURCE = 'https://vault.azure.net';
/** The key of Arc's agent is taken from one folder alone, which a build agent has to let its user write. */
export function canImitate(host: IdentityHost): boolean {
  if (host !== 'azure-arc') return true;
  if (process.platform !== 'linux') return false;
  try {
    mkdirSync(ARC_KEY_FOLDER, { recursive: true });
    accessSync(ARC_KEY_FOLDER, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export interface TestClock extends Clock {
  /** Moves both scales. */
  advance(ms: number): void;
  /** What `sleep` was asked for, in order. */
  readonly sleeps: readonly number[];
}

/** Time stands still but for `advance`, and for `sleep`, which jumps. */
export function jumpingClock(startMs = Date.UTC(2026, 0, 15, 12)): TestClock {
  let elapsedMs = 0;
  const sleeps: number[] = [];
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    sleep: async (ms) => {
      sleeps.push(ms);
      elapsedMs += ms;
    },
    advance: (ms) => {
      elapsedMs += ms;
    },
    sleeps,
  };
}

/** Real time, with hours in between where a test wants them. */
export function shiftedClock(): TestClock {
  let shiftMs = 0;
  const sleeps: number[] = [];
  return {
    now: () => systemClock.now() + shiftMs,
    monotonic: () => systemClock.monotonic() + shiftMs,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return systemClock.sleep(ms, signal);
    },
    advance: (ms) => {
      shiftMs += ms;
    },
    sleeps,
  };
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

/** A server that answers as told and remembers what it was asked. */
export async function serve(
  answer: (request: SeenRequest, response: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const one = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body,
      };
      seen.push(one);
      answer(one, response, seen.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

export interface Asker {
  readonly cache: TokenCache;
  ask(identity?: IdentitySelector, limits?: { resource?: string; withinMs?: number }): ReturnType<TokenCache['get']>;
}

export function asker(
  env: Environment | (() => Environment),
  clock: Clock = systemClock,
  options: Partial<TokenCacheOptions> = {},
): Asker {
  const cache = createTokenCache({
    config: { identity: SYSTEM_ASSIGNED, identityFrom: 'default' },
    clock,
    env: typeof env === 'function' ? env : () => env,
    sdkAnchors: sdkAnchors(),
    random: () => 0,
    ...options,
  });
  return {
    cache,
    ask: (identity = SYSTEM_ASSIGNED, { resource = VAULT_RESOURCE, withinMs = 20_000 } = {}) =>
      cache.get(resource, identity, { deadlineMs: clock.monotonic() + withinMs }),
  };
}

export function findCanaries(thing: unknown, canaries: readonly string[]): string[] {
  return canaries.flatMap((canary) => findCanary(thing, canary));
}
