import { checkId, checkInteger, checkMembers, wrong } from './check.js';
import { checkFault } from './check-fault.js';
import { createHostFiles } from './files.js';
import { findIdentity, identityHandle, vaultHandle } from './handles.js';
import { settingsFor } from './hosts.js';
import { checkLatency, checkOptions, checkTokenOptions } from './options.js';
import type { ServerSettings } from './protocol.js';
import { type EmulatorThread, startThread } from './thread.js';
import type { Emulator, EmulatorClock, EmulatorOptions, EmulatorTokens, RequestLog } from './types.js';
import { settingsOfNames } from './vault-names.js';

/** Where vaultstrap keeps the state of a process, however it was loaded. */
const VAULTSTRAP_STATE = Symbol.for('vaultstrap/1');

async function resetThisProcess(): Promise<void> {
  const state = (globalThis as Record<symbol, { reset?: () => unknown } | undefined>)[VAULTSTRAP_STATE];
  await state?.reset?.();
}

function createClock(thread: EmulatorThread): EmulatorClock {
  return {
    now: async () => new Date(await thread.call('clock.now')),
    advance: async (ms) => {
      if (!Number.isFinite(ms)) throw wrong('ms', 'a number of milliseconds', ms);
      return new Date(await thread.call('clock.advance', ms));
    },
    set: async (date) => {
      const epochMs = new Date(date).getTime();
      if (Number.isNaN(epochMs)) throw wrong('date', 'a date', date);
      return new Date(await thread.call('clock.set', epochMs));
    },
  };
}

function createTokens(thread: EmulatorThread, settings: ServerSettings): EmulatorTokens {
  return {
    configure: async (options) => thread.call('tokens.configure', checkTokenOptions('options', options)),
    issue: async (options = {}) => {
      checkMembers('options', options, ['identity', 'resource']);
      const { identity = 'system', resource = 'https://vault.azure.net' } = options;
      const { clientId } = findIdentity(settings.identities, identity);
      return thread.call('tokens.issue', clientId, checkId('resource', resource));
    },
    revokeAll: async () => thread.call('tokens.revokeAll'),
  };
}

function createFaults(thread: EmulatorThread): Emulator['faults'] {
  return {
    add: async (fault) => {
      const id = await thread.call('fault.add', checkFault(fault));
      return {
        id,
        hits: () => thread.call('fault.hits', id),
        remove: () => thread.call('fault.remove', id),
      };
    },
    list: () => thread.call('fault.list'),
    remove: async (id) => thread.call('fault.remove', checkInteger('id', id, 1, Number.MAX_SAFE_INTEGER)),
    clear: async () => thread.call('fault.clear'),
  };
}

/**
 * Starts an embedded Azure: vaults over https and the identity endpoints of
 * several kinds of host, all on 127.0.0.1, in a thread of their own.
 * They end with `close()`, or with the process, which they do not keep alive.
 *
 *     const azure = await startEmulator({ vaults: { shop: { 'db-password': 's3cret' } } });
 *     Object.assign(process.env, azure.env);
 *
 * Rejects with a `TypeError` that names a malformed option, or an
 * `ERR_EMULATOR_START` error if a port is taken.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = checkOptions(options);
  const thread = await startThread(settings);
  const { vaultPort, identityPort, fabricPort, fabricThumbprint, caCertificate } = thread.started;
  const { authorityPort, federatedToken, arcKeyFile } = thread.started;
  const files = createHostFiles();
  const vaultEndpoint = `https://127.0.0.1:${vaultPort}`;
  const identityEndpoint = `http://127.0.0.1:${identityPort}`;
  const fabricEndpoint = `https://127.0.0.1:${fabricPort}`;
  let { identityHeader } = thread.started;

  const envFor: Emulator['envFor'] = (host, options = {}) => ({
    ...settingsFor(host, {
      vaultEndpoint,
      identityEndpoint,
      fabricEndpoint,
      fabricThumbprint,
      caCertificate,
      identityHeader,
      authorityEndpoint: `https://127.0.0.1:${authorityPort}`,
      tenantId: settings.tenantId,
      defaultClientId: settings.identities[0]?.clientId ?? '',
      federatedTokenFile: () => files.federatedToken(federatedToken),
      writeArcKey: () => files.arcKey(arcKeyFile, identityHeader),
    }),
    ...settingsOfNames(options),
  });
  const requests: RequestLog = Object.assign(() => thread.call('log.read'), {
    clear: () => thread.call('log.clear'),
  });
  const emulator: Omit<Emulator, typeof Symbol.asyncDispose> = {
    get env() {
      return envFor('app-service-2019');
    },
    envFor,
    vaultEndpoint,
    identityEndpoint,
    caCertificate,
    tenantId: settings.tenantId,
    vault: (name) => vaultHandle(thread, name),
    vaults: () => thread.call('vault.names'),
    identity: (id = 'system') => identityHandle(thread, findIdentity(settings.identities, id)),
    faults: createFaults(thread),
    clock: createClock(thread),
    tokens: createTokens(thread, settings),
    requests,
    connections: () => thread.call('connections'),
    dropConnections: () => thread.call('dropConnections'),
    latency: async (latency) => thread.call('latency', checkLatency('latency', latency)),
    rotateIdentityHeader: async () => {
      identityHeader = await thread.call('rotateIdentityHeader');
      files.renewArcKey(identityHeader);
    },
    reset: async () => {
      identityHeader = await thread.call('reset');
      files.renewArcKey(identityHeader);
      await resetThisProcess();
    },
    close: () => {
      files.remove();
      return thread.close();
    },
  };
  // A vm context of Node 22 (jest) has no such symbol.
  if (typeof Symbol.asyncDispose === 'symbol') {
    Object.defineProperty(emulator, Symbol.asyncDispose, { value: emulator.close });
  }
  return emulator as Emulator;
}
