// The https listener: who may ask a vault for what. The operations themselves
// are in vault-operations.ts.
// https://learn.microsoft.com/rest/api/keyvault/secrets
import { randomUUID } from 'node:crypto';
import type { RequestRecord } from '../types.js';
import { authenticate } from './authenticate.js';
import type { ServerClock } from './clock.js';
import { parseVaultHost, type VaultHost } from './clouds.js';
import { emptyReply, type Incoming, type Reply } from './exchange.js';
import { type IdentityStore, identityLabel, mayAct } from './identities.js';
import { findRoute } from './routes.js';
import type { Throttler } from './throttle.js';
import type { TokenStore } from './tokens.js';
import { badParameter, forbidden, methodNotAllowed, notEmulated, throttled, unauthorized } from './vault-errors.js';
import { performOperation } from './vault-operations.js';
import type { Vault, VaultStore } from './vault-store.js';

export interface VaultServiceState {
  readonly tenantId: string;
  readonly createUnknownVaults: boolean;
  readonly vaults: VaultStore;
  readonly identities: IdentityStore;
  readonly tokens: TokenStore;
  readonly throttler: Throttler;
  readonly clock: ServerClock;
}

const SECRET_NAME = /^[0-9a-z-]{1,127}$/i;
/** Any version the service has had or will have: 7.4, 7.6-preview.2, 2026-04-01, 2026-05-01-preview. */
const API_VERSION = /^(\d+\.\d+|\d{4}-\d{2}-\d{2})(-preview(\.\d+)?)?$/;

/** What a request is about, for the log and for faults, before anybody has looked at it. */
export function describeVaultRequest(request: Incoming): Partial<RequestRecord> {
  const vault = parseVaultHost(request.host)?.vault;
  const route = findRoute(request.method, request.path);
  if (typeof route === 'string') return vault === undefined ? {} : { vault };
  return {
    ...(vault !== undefined && { vault }),
    ...(route.secret !== undefined && { secret: route.secret }),
    ...('version' in route && route.version !== undefined ? { version: route.version } : {}),
  };
}

export function answerVaultRequest(state: VaultServiceState, request: Incoming, note: Partial<RequestRecord>): Reply {
  const host = parseVaultHost(request.host);
  const vault = host && (state.createUnknownVaults ? state.vaults.ensure(host.vault) : state.vaults.find(host.vault));
  if (!host || !vault) return noVault(state, host?.vault);
  const reply = answerOfVault(state, request, note, host, vault);
  const clientRequestId = request.header('x-ms-client-request-id');
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'x-ms-request-id': randomUUID(),
      ...(clientRequestId !== undefined && { 'x-ms-client-request-id': clientRequestId }),
    },
  };
}

/**
 * A vault that does not exist has no address. Names cannot be made to fail here, so the answer is one that no vault
 * gives. Its text is for people.
 */
function noVault({ vaults }: VaultServiceState, name: string | undefined): Reply {
  const known = [...vaults.all()].map((vault) => vault.name).join(', ');
  const what = name === undefined ? 'The Host header names no vault.' : `There is no vault "${name}".`;
  const text = `${what} This is the emulator of vaultstrap/testing; it has: ${known || 'none'}.`;
  return { status: 404, headers: { 'Content-Type': 'text/plain' }, body: text };
}

/** What Key Vault has besides, and the emulator has not. */
const NOT_EMULATED = /^\/(?:deleted)?(keys|certificates|storage)(?:\/|$)/i;

function answerOfVault(
  state: VaultServiceState,
  request: Incoming,
  note: Partial<RequestRecord>,
  host: VaultHost,
  vault: Vault,
): Reply {
  const outcome = authenticate(request.header('authorization'), host, state.tokens);
  if (!('token' in outcome)) return unauthorized(state.tenantId, host.resource, outcome.refusal);
  const { identity } = outcome.token;
  note.identity = identityLabel(identity);

  const throttle = vault.throttle;
  if (throttle && state.throttler.refuses(host.vault, throttle)) {
    note.authorized = true;
    return throttled(throttle.retryAfterSeconds);
  }
  const version = request.query.get('api-version');
  if (!version) return badParameter('api-version must be specified.');
  if (!API_VERSION.test(version)) return badParameter('The specified api-version is not supported.');
  const route = findRoute(request.method, request.path);
  if (route === 'unknown-path') {
    const collection = NOT_EMULATED.exec(request.path)?.[1];
    return collection === undefined ? emptyReply(404) : notEmulated(collection.toLowerCase());
  }
  if (route === 'wrong-method') return methodNotAllowed();
  if (route.secret !== undefined && !SECRET_NAME.test(route.secret)) {
    return badParameter('The request URI contains an invalid name.');
  }
  if (!mayAct(identity.rules, route.action, host.vault, route.secret?.toLowerCase())) {
    return forbidden(vault.accessModel, route.action, identity.objectId, vault.name);
  }
  note.authorized = true;
  return performOperation(route, { vault, host: host.host, request, nowMs: state.clock.nowMs() });
}
