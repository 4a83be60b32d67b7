import type { Agent } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../support/clock.js';
import type { Config } from '../support/config.js';
import { fail } from '../support/failure.js';
import { sendRequest } from '../support/http.js';
import { createSharedLookup } from './lookup.js';
import type { VaultLane } from './reader.js';
import { readSecretReply, vaultProblem } from './reply.js';

/** The oldest version that has all we read; every cloud serves it. */
const API_VERSION = '7.4';
/** The oldest that converts certificates, which not every cloud may have: asked for them only. */
const CONVERTING = { pem: 'api-version=2025-07-01&outContentType=application%2Fx-pem-file' } as const;
/** A value has at most 25 KB; JSON may escape each byte as `\u00xx`. */
const MAX_REPLY_BYTES = 512 * 1024;
/** Opened in advance, over all vaults together. */
const WARM_SOCKETS = 32;

interface Vault {
  readonly agent: Agent;
  readonly warm: TLSSocket[];
  open(options: object): TLSSocket;
}

/** An address ends in a number, or has a colon. `isIP` itself compiles an expression that costs milliseconds. */
const ADDRESS = /^\d+$|:/;

/**
 * One GET over `node:https`, bearer sent at once: no challenge request (the resource is known from
 * the host), no SDK to load. https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
 */
export function createDirectLane({ config, clock }: { config: Config; clock: Clock }): VaultLane {
  const { vaultEndpoint } = config;
  const vaults = new Map<string, Vault>();
  const counts = { vault: 0, unauthorized: 0 };
  const names = createSharedLookup();
  let secureContext: ReturnType<typeof import('node:tls').createSecureContext> | undefined;

  function vaultAt(host: string): Vault {
    const known = vaults.get(host);
    if (known) return known;
    const https = process.getBuiltinModule('node:https');
    const tls = process.getBuiltinModule('node:tls');
    // One context for all sockets: parsing the CA store is the expensive part.
    secureContext ??= tls.createSecureContext(config.vaultCa === undefined ? {} : { ca: config.vaultCa });
    const warm: TLSSocket[] = [];
    const [name = host] = host.split(':', 1);
    const isAddress = ADDRESS.test(name.slice(name.lastIndexOf('.') + 1));
    /** What the latest handshake with this vault agreed on: the next one is shorter, and sends no certificates. */
    let session: Buffer | undefined;
    const agent = new https.Agent({
      keepAlive: true,
      maxSockets: config.concurrency,
      lookup: names.lookup,
      secureContext,
      // Stated: NODE_TLS_REJECT_UNAUTHORIZED=0 decides only where nothing is said.
      rejectUnauthorized: true,
      // A name only: TLS knows no server name for an address.
      servername: isAddress ? '' : name,
      // Kept here, for warmed sockets too.
      maxCachedSessions: 0,
    });
    function open(options: object): TLSSocket {
      const socket = tls.connect({ ...options, ...(session && { session }) });
      socket.on('session', (next) => {
        session = next;
      });
      socket.on('error', () => {
        session = undefined;
        names.forget();
      });
      return socket;
    }
    agent.createConnection = (options) => {
      for (let socket = warm.pop(); socket; socket = warm.pop()) {
        if (!socket.destroyed) return socket.ref();
      }
      return open(options);
    };
    const vault = { agent, warm, open };
    vaults.set(host, vault);
    return vault;
  }

  function addressOf(host: string): { host: string; port: number } {
    if (vaultEndpoint) return { host: vaultEndpoint.address, port: vaultEndpoint.port };
    const [name = host, port] = host.split(':', 2);
    return { host: name, port: Number(port) || 443 };
  }

  return {
    counts,

    warm(reads) {
      const wanted = new Map<string, number>();
      for (const { host } of reads) wanted.set(host, (wanted.get(host) ?? 0) + 1);
      // Shared among the vaults: beyond this, handshakes cost more than they save.
      const most = Math.min(config.concurrency, Math.max(2, Math.floor(WARM_SOCKETS / wanted.size)));
      for (const [host, count] of wanted) {
        const { agent, warm, open } = vaultAt(host);
        while (warm.length < Math.min(count, most)) {
          const socket = open({ ...agent.options, ...addressOf(host) });
          socket.unref();
          warm.push(socket);
        }
      }
    },

    async send(read, { token }, { timeoutMs, abort }) {
      const { host, secret, version, format } = read;
      const query = format ? CONVERTING[format] : `api-version=${API_VERSION}`;
      counts.vault++;
      const result = await sendRequest({
        protocol: 'https:',
        ...addressOf(host),
        path: `/secrets/${secret}${version ? `/${version}` : ''}?${query}`,
        method: 'GET',
        headers: { Host: host, Authorization: `Bearer ${token.reveal()}`, Accept: 'application/json' },
        agent: vaultAt(host).agent,
        timeoutMs,
        maxBytes: MAX_REPLY_BYTES,
        signal: abort,
      });
      if (!result.ok) return fail(vaultProblem(result.problem, read));
      if (result.reply.status === 401) counts.unauthorized++;
      return readSecretReply(result.reply, read, clock.now());
    },

    rest() {
      names.forget();
      for (const { agent, warm } of vaults.values()) {
        for (const socket of warm.splice(0)) socket.destroy();
        agent.destroy();
      }
    },
  };
}
