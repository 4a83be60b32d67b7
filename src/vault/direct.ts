import type { TLSSocket } from 'node:tls';
import type { AccessToken } from '../identity/reply.js';
import type { SecretRead } from '../settings/plan.js';
import type { Config } from '../support/config.js';
import { type Connections, createConnections } from '../support/connections.js';
import { fail } from '../support/failure.js';
import { sendRequest } from '../support/http.js';
import { API_VERSION, vaultAddress } from './address.js';
import { createSharedLookup } from './lookup.js';
import type { VaultLane } from './reader.js';
import { MAX_REPLY_BYTES, readSecretReply, vaultProblem } from './reply.js';

/** The oldest that converts certificates, which not every cloud may have: asked for them only. */
const CONVERTING = { pem: 'api-version=2025-07-01&outContentType=application%2Fx-pem-file' } as const;
/** Opened in advance, over all vaults together. */
const WARM_SOCKETS = 32;

export interface DirectLane extends VaultLane {
  /** Opens connections that will be needed, while the token is being fetched. */
  warm(reads: readonly SecretRead[]): void;
  /** Closes idle connections; the next read opens new ones. */
  rest(): void;
}

/**
 * One GET over TLS, bearer sent at once: no challenge request (the resource is known from
 * the host), no SDK to load. https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
 */
export function createDirectLane(config: Config): DirectLane {
  const vaults = new Map<string, Connections>();
  const counts = { vault: 0, unauthorized: 0 };
  const names = createSharedLookup();
  /** One text for all requests with the same token: put together for each, it would be copied each time. */
  const bearers = new WeakMap<AccessToken, string>();
  let secureContext: ReturnType<typeof import('node:tls').createSecureContext> | undefined;

  function connectionsTo(host: string): Connections {
    const known = vaults.get(host);
    if (known) return known;
    const tls = process.getBuiltinModule('node:tls');
    // One context for all sockets: parsing the CA store is the expensive part.
    secureContext ??= tls.createSecureContext(config.vaultCa === undefined ? {} : { ca: config.vaultCa });
    const options = { ...vaultAddress(host, config), lookup: names.lookup, secureContext };
    /** What the latest handshake with this vault agreed on: the next one is shorter, and sends no certificates. */
    let session: Buffer | undefined;
    function open(): TLSSocket {
      const socket = tls.connect({ ...options, ...(session && { session }) });
      socket.on('session', (next) => {
        session = next;
      });
      socket.on('close', (hadError) => {
        if (!hadError && socket.bytesRead) return;
        session = undefined;
        // Also of one that was given up: nothing answers at that address, and there may be another by now.
        names.forget();
      });
      return socket;
    }
    const connections = createConnections(open);
    vaults.set(host, connections);
    return connections;
  }

  return {
    counts,

    warm(reads) {
      const wanted = new Map<string, number>();
      for (const { host } of reads) wanted.set(host, (wanted.get(host) ?? 0) + 1);
      // Shared among the vaults: beyond this, handshakes cost more than they save.
      const most = Math.min(config.concurrency, Math.max(2, Math.floor(WARM_SOCKETS / wanted.size)));
      for (const [host, count] of wanted) {
        try {
          connectionsTo(host).warm(Math.min(count, most));
        } catch {
          // The reads meet the same error, and have a place for it.
        }
      }
    },

    send(read, token, { timeoutMs, abort }) {
      const { host, secret, version, format } = read;
      const bearer = bearers.get(token) ?? `Bearer ${token.token.reveal()}`;
      bearers.set(token, bearer);
      const query = format ? CONVERTING[format] : `api-version=${API_VERSION}`;
      counts.vault++;
      return sendRequest({
        connections: connectionsTo(host),
        method: 'GET',
        path: `/secrets/${secret}${version ? `/${version}` : ''}?${query}`,
        host,
        headers: { Authorization: bearer, Accept: 'application/json' },
        timeoutMs,
        maxBytes: MAX_REPLY_BYTES,
        signal: abort,
      }).then((result) => {
        if (!result.ok) return fail(vaultProblem(result.problem, read));
        if (result.reply.status === 401) counts.unauthorized++;
        return readSecretReply(result.reply, read);
      });
    },

    rest() {
      names.forget();
      for (const connections of vaults.values()) connections.rest();
    },
  };
}
