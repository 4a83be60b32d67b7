// The four listeners and the state behind them.
import { randomBytes, randomUUID } from 'node:crypto';
import http, { type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { EmulatorError } from '../errors.js';
import { ARC_KEY_FOLDER } from '../files.js';
import type { ServerSettings, Started } from '../protocol.js';
import type { Latency } from '../types.js';
import { createSelfSignedCertificate, createServerCertificate } from './certificate.js';
import { createClock } from './clock.js';
import { VAULT_SUFFIXES } from './clouds.js';
import { createFaultStore } from './faults.js';
import { createIdentityStore } from './identities.js';
import { answerIdentityRequest } from './identity-service.js';
import { type ConnectionCounter, countConnections, createListener } from './listener.js';
import { createLog } from './request-log.js';
import { serviceFabric } from './service-fabric.js';
import { createThrottler } from './throttle.js';
import type { Protocol } from './token-reply.js';
import { createTokenStore } from './tokens.js';
import { answerVaultRequest, describeVaultRequest } from './vault-service.js';
import { createVaultStore } from './vault-store.js';
import { workloadIdentity } from './workload-identity.js';

const LOOPBACK = '127.0.0.1';
const LIMITS = {
  // Longer than a test waits between two requests, so that no connection is
  // closed under a client unless a test asks for it (dropConnections).
  keepAliveTimeout: 120_000,
  headersTimeout: 30_000,
  requestTimeout: 60_000,
};
const MAX_CONNECTIONS = 5_000;

const newIdentityHeader = (): string => randomBytes(16).toString('hex').toUpperCase();

function createState(settings: ServerSettings) {
  const clock = createClock(Date.now);
  return {
    settings,
    tenantId: settings.tenantId,
    createUnknownVaults: settings.createUnknownVaults,
    msiEndpointGetOnly: settings.msiEndpointGetOnly,
    clock,
    vaults: createVaultStore(settings.vaults, clock),
    identities: createIdentityStore(settings.identities),
    tokens: createTokenStore(settings.tenantId, settings.tokens, clock),
    throttler: createThrottler(clock.nowMs),
    faults: createFaultStore(),
    log: createLog(),
    held: new Set<ServerResponse>(),
    latency: { ...settings.latency } as Required<Latency>,
    identityHeader: newIdentityHeader(),
    federatedToken: randomBytes(32).toString('hex'),
    arcKeyFile: `${ARC_KEY_FOLDER}/${randomUUID()}.key`,
  };
}

export interface Servers {
  readonly state: ReturnType<typeof createState>;
  readonly started: Started;
  readonly connections: { readonly identity: ConnectionCounter; readonly vault: ConnectionCounter };
  rotateIdentityHeader(): string;
  dropConnections(): void;
}

async function listen(server: Server, port: number): Promise<number> {
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.name;
      reject(new EmulatorError('ERR_EMULATOR_START', `cannot listen on ${LOOPBACK}:${port} ("port"): ${code}`));
    });
    server.listen({ host: LOOPBACK, port, backlog: 1024 }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

function createServers(state: Servers['state'], ofVaults: KeyPair, ofFabric: KeyPair) {
  const identityServer = http.createServer(LIMITS);
  const fabricServer = https.createServer({ ...LIMITS, key: ofFabric.key, cert: ofFabric.certificate });
  const authorityServer = https.createServer({ ...LIMITS, key: ofVaults.key, cert: ofVaults.certificate });
  const vaultServer = https.createServer({ ...LIMITS, key: ofVaults.key, cert: ofVaults.certificate });
  const connections = {
    identity: countConnections(
      [identityServer, 'connection'],
      [fabricServer, 'secureConnection'],
      [authorityServer, 'secureConnection'],
    ),
    vault: countConnections([vaultServer, 'secureConnection']),
  };
  const ofAll = { clock: state.clock, faults: state.faults, log: state.log, held: state.held };
  const listenForTokens = (server: Server, answer: Protocol) =>
    server.on(
      'request',
      createListener({
        ...ofAll,
        target: 'identity',
        connections: connections.identity,
        latencyMs: () => state.latency.identityMs,
        describe: () => ({}),
        answer: (request, note) => answer(state, request, note),
      }),
    );
  listenForTokens(identityServer, answerIdentityRequest);
  listenForTokens(fabricServer, serviceFabric);
  listenForTokens(authorityServer, workloadIdentity);
  vaultServer.on(
    'request',
    createListener({
      ...ofAll,
      target: 'vault',
      connections: connections.vault,
      latencyMs: () => state.latency.vaultMs,
      describe: describeVaultRequest,
      answer: (request, note) => answerVaultRequest(state, request, note),
    }),
  );
  return { identityServer, fabricServer, authorityServer, vaultServer, connections };
}

export async function startServers(settings: ServerSettings): Promise<Servers> {
  const names = [...VAULT_SUFFIXES.map((suffix) => `*.${suffix}`), 'localhost', LOOPBACK, '::1', ...settings.hostNames];
  // The certificate is about real time: TLS clients do not follow the emulator's clock.
  const certificate = createServerCertificate(names, Date.now());
  const cluster = createSelfSignedCertificate(Date.now());
  const state = createState(settings);
  const { identityServer, fabricServer, authorityServer, vaultServer, connections } = createServers(
    state,
    certificate,
    cluster,
  );
  const vaultPort = await listen(vaultServer, settings.port);
  const identityPort = await listen(identityServer, settings.port === 0 ? 0 : settings.port + 1);
  const fabricPort = await listen(fabricServer, 0);
  const authorityPort = await listen(authorityServer, 0);
  const { caCertificate } = certificate;
  return {
    state,
    connections,
    started: {
      vaultPort,
      identityPort,
      fabricPort,
      fabricThumbprint: cluster.thumbprint,
      authorityPort,
      federatedToken: state.federatedToken,
      arcKeyFile: state.arcKeyFile,
      caCertificate,
      identityHeader: state.identityHeader,
    },
    rotateIdentityHeader: () => {
      state.identityHeader = newIdentityHeader();
      return state.identityHeader;
    },
    dropConnections: () => {
      for (const server of [identityServer, fabricServer, authorityServer, vaultServer]) server.closeAllConnections();
    },
  };
}
