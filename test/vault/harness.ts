// What the tests of vaults share: a client on an emulated Azure, reads by name, small https servers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Environment } from '../../src/settings/environment.js';
import type { SecretRead } from '../../src/settings/plan.js';
import { type Clock, systemClock } from '../../src/support/clock.js';
import { readConfig } from '../../src/support/config.js';
import type { Failure, Result } from '../../src/support/failure.js';
import { printIdentity, SYSTEM_ASSIGNED } from '../../src/support/identity-selector.js';
import type { BootstrapOptions } from '../../src/support/options.js';
import { sdkAnchors } from '../../src/support/sdk-loader.js';
import type { Emulator } from '../../src/testing/index.js';
import { createServerCertificate } from '../../src/testing/server/certificate.js';
import { createVaultClient, type ReadAllLimits, type VaultClient } from '../../src/vault/client.js';
import type { SecretValue } from '../../src/vault/reader.js';

export type LaneName = 'direct' | 'sdk';
export const LANES: readonly LaneName[] = ['direct', 'sdk'];

/** Waits a tenth of what it is asked for, and remembers that. */
export function hastyClock(): Clock & { readonly sleeps: number[] } {
  const sleeps: number[] = [];
  return {
    ...systemClock,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return systemClock.sleep(ms / 10, signal);
    },
    sleeps,
  };
}

export function readOf(
  secret: string,
  {
    host = 'shop.vault.azure.net',
    version,
    identity = SYSTEM_ASSIGNED,
    format,
    mayBeAbsent = false,
  }: Partial<SecretRead> = {},
): SecretRead {
  return {
    key: `${host}/${secret}/${version ?? ''}#${printIdentity(identity)}`,
    host,
    vault: host.split('.', 1)[0] ?? host,
    secret,
    ...(version !== undefined && { version }),
    identity,
    ...(format && { format }),
    mayBeAbsent,
  };
}

export interface Reader {
  readonly client: VaultClient;
  /** One secret. */
  read(secret: string, more?: Partial<SecretRead>, limits?: Within): Promise<Result<SecretValue>>;
  /** Several, in the order asked for. */
  readAll(reads: readonly SecretRead[], limits?: Within): Promise<Result<SecretValue>[]>;
}

export interface Within extends Partial<Pick<ReadAllLimits, 'failFast' | 'isRefresh'>> {
  readonly withinMs?: number;
  /** False: every secret is tried once. */
  readonly retry?: boolean;
}

export function reader(
  env: Environment | (() => Environment),
  options: BootstrapOptions = {},
  { clock = systemClock, anchors = sdkAnchors() }: { clock?: Clock; anchors?: readonly string[] } = {},
): Reader {
  const environment = typeof env === 'function' ? env : () => env;
  const client = createVaultClient({
    config: readConfig(environment(), options),
    clock,
    env: environment,
    sdkAnchors: anchors,
  });
  async function readAll(
    reads: readonly SecretRead[],
    { withinMs = 20_000, failFast = false, isRefresh = false, retry = true }: Within = {},
  ): Promise<Result<SecretValue>[]> {
    const nowMs = clock.monotonic();
    const results = await client.readAll(reads, {
      deadlineMs: nowMs + withinMs,
      failFast,
      isRefresh,
      ...(!retry && { retryUntilMs: nowMs }),
    });
    return reads.map(({ key }) => {
      const result = results.get(key);
      if (!result) throw new Error(`no result for ${key}`);
      return result;
    });
  }
  return {
    client,
    readAll,
    async read(secret, more, limits) {
      const [result] = await readAll([readOf(secret, more)], limits);
      if (!result) throw new Error('no result');
      return result;
    },
  };
}

/** Requests to vaults that carried a token; the SDK's challenge requests do not. */
export async function bearerRequests(azure: Emulator) {
  return (await azure.requests()).filter(
    ({ target, status, authorized }) => target === 'vault' && (authorized || status !== 401),
  );
}

export async function tokenRequests(azure: Emulator): Promise<number> {
  return (await azure.requests()).filter(({ target }) => target === 'identity').length;
}

/** The same in both lanes, or it is a fault of one of them. */
export function outcomeOf(result: Result<SecretValue>) {
  if (result.ok) {
    const { value, repliedAtMs: _seconds, ...rest } = result.value;
    return { value: value.reveal(), ...rest };
  }
  const { status, code, hint, retry, absent } = result.failure;
  return { status, code, hint, retry, ...(absent && { absent }) };
}

export function failure(result: Result<unknown> | undefined): Failure {
  if (!result || result.ok) throw new Error('expected a failure');
  return result.failure;
}

export function value(result: Result<SecretValue> | undefined): string {
  if (!result?.ok) throw new Error(`expected a value, got ${result?.failure.code}: ${result?.failure.details}`);
  return result.value.value.reveal();
}

export interface HttpsServer {
  readonly port: number;
  readonly ca: string;
  /** Method, path, and whether there was a token. */
  readonly seen: { readonly path: string; readonly token: string | undefined }[];
  /** TCP connections, TLS or not. */
  connections(): number;
  close(): Promise<void>;
}

/** The settings of a process that reads from a server of a test's own, which it has to be allowed to. */
export function envOf({ env }: Emulator, { ca, port }: HttpsServer): Environment {
  const { VAULTSTRAP_VAULT_ENDPOINT: _, ...rest } = env;
  return { ...rest, VAULTSTRAP_VAULT_CA: ca, VAULTSTRAP_ALLOWED_HOSTS: `localhost:${port}` };
}

/** Answers every request as told; one without a token gets the challenge that the SDK asks for first. */
export async function serveHttps(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  names: readonly string[] = ['localhost', '127.0.0.1'],
): Promise<HttpsServer> {
  const { certificate, key, caCertificate } = createServerCertificate(names, Date.now());
  const seen: { path: string; token: string | undefined }[] = [];
  let connections = 0;
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
    seen.push({ path: request.url ?? '', token });
    if (token !== undefined) return answer(request, response);
    response
      .writeHead(401, {
        'WWW-Authenticate':
          'Bearer authorization="https://login.windows.net/33333333-3333-4333-8333-333333333333", resource="https://vault.azure.net"',
      })
      .end();
  });
  server.on('connection', () => connections++);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ca: caCertificate,
    seen,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function secretJson(host: string, name: string, text: string, version = 'a'.repeat(32)): string {
  return JSON.stringify({
    value: text,
    id: `https://${host}/secrets/${name}/${version}`,
    attributes: { enabled: true },
  });
}
