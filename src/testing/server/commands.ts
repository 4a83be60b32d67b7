// What the main thread may ask for, done to the state of the servers.
import { EmulatorError } from '../errors.js';
import type { Commands } from '../protocol.js';
import { toSeconds } from './clock.js';
import type { Servers } from './servers.js';
import {
  addVersion,
  deleteSecret,
  findVersion,
  recoverSecret,
  type Secret,
  toNewVersion,
  type Vault,
  type Version,
} from './vault-store.js';

export function createCommands({ state, started, connections, ...servers }: Servers): Commands {
  const { vaults, identities, tokens, throttler, faults, log, clock } = state;

  const vaultOf = (name: string): Vault => {
    const vault = vaults.find(name);
    if (!vault) throw new EmulatorError('ERR_EMULATOR_NOT_FOUND', `there is no vault "${name}"`);
    return vault;
  };
  const secretOf = (vault: string, name: string): Secret => {
    const secret = vaultOf(vault).secrets.get(name.toLowerCase());
    if (!secret) throw new EmulatorError('ERR_EMULATOR_NOT_FOUND', `vault "${vault}" has no secret "${name}"`);
    return secret;
  };
  const versionOf = (vault: string, name: string, wanted: string | undefined): Version => {
    const version = findVersion(secretOf(vault, name), wanted);
    if (!version) {
      throw new EmulatorError(
        'ERR_EMULATOR_NOT_FOUND',
        `secret "${name}" of vault "${vault}" has no version ${wanted}`,
      );
    }
    return version;
  };
  const clearLog = (): void => {
    log.clear();
    connections.identity.reset();
    connections.vault.reset();
  };

  return {
    'secret.set': (vault, name, secret) => {
      const target = vaults.ensure(vault);
      if (target.deleted.has(name.toLowerCase())) {
        throw new EmulatorError(
          'ERR_EMULATOR_STATE',
          `secret "${name}" of vault "${vault}" is deleted: recover or purge it first`,
        );
      }
      if (target.secrets.get(name.toLowerCase())?.versions.some(({ version }) => version === secret.version)) {
        throw new EmulatorError('ERR_EMULATOR_STATE', `secret "${name}" of vault "${vault}" has this version already`);
      }
      return { version: addVersion(target, name, toNewVersion(secret), clock.nowMs()).version };
    },
    'secret.get': (vault, name, wanted) => {
      const { version, value, contentType, pem, tags, enabled, nbf, exp } = versionOf(vault, name, wanted);
      return {
        version,
        value,
        enabled,
        ...(contentType !== undefined && { contentType }),
        ...(pem !== undefined && { pem }),
        ...(tags !== undefined && { tags }),
        ...(nbf !== undefined && { notBefore: new Date(nbf * 1000) }),
        ...(exp !== undefined && { expiresOn: new Date(exp * 1000) }),
      };
    },
    'secret.versions': (vault, name) =>
      secretOf(vault, name).versions.map(({ version, enabled, created, updated }) => ({
        version,
        enabled,
        createdOn: new Date(created * 1000),
        updatedOn: new Date(updated * 1000),
      })),
    'secret.enable': (vault, name, enabled, wanted) => {
      Object.assign(versionOf(vault, name, wanted), { enabled, updated: toSeconds(clock.nowMs()) });
    },
    'secret.delete': (vault, name) => {
      deleteSecret(vaultOf(vault), secretOf(vault, name).name, clock.nowMs());
    },
    'secret.recover': (vault, name) => {
      if (!recoverSecret(vaultOf(vault), name)) {
        throw new EmulatorError('ERR_EMULATOR_NOT_FOUND', `vault "${vault}" has no deleted secret "${name}"`);
      }
    },
    'secret.purge': (vault, name) => {
      const { secrets, deleted } = vaultOf(vault);
      const key = name.toLowerCase();
      const [wasLive, wasDeleted] = [secrets.delete(key), deleted.delete(key)];
      if (!wasLive && !wasDeleted) secretOf(vault, name);
    },
    'secret.names': (vault) => [...vaultOf(vault).secrets.values()].map((secret) => secret.name),
    'secret.deletedNames': (vault) => [...vaultOf(vault).deleted.values()].map((secret) => secret.name),
    'vault.names': () => [...vaults.all()].map((vault) => vault.name),
    'vault.throttle': (vault, throttle) => {
      vaults.ensure(vault).throttle = throttle;
      throttler.reset();
    },
    'identity.rules': (clientId, rules) => {
      const identity = identities.byClientId(clientId);
      if (identity) identity.rules = rules.length === 0 ? [] : [...identity.rules, ...rules];
    },
    'fault.add': (fault) => faults.add(fault),
    'fault.hits': (id) => faults.hits(id),
    'fault.remove': (id) => faults.remove(id),
    'fault.list': () => faults.list(),
    'fault.clear': () => faults.clear(),
    'clock.now': () => clock.nowMs(),
    'clock.advance': (ms) => clock.advance(ms),
    'clock.set': (epochMs) => clock.set(epochMs),
    'tokens.configure': (options) => tokens.configure(options),
    'tokens.issue': (clientId, resource) => {
      const identity = identities.byClientId(clientId);
      if (!identity) throw new EmulatorError('ERR_EMULATOR_NOT_FOUND', `there is no identity "${clientId}"`);
      return tokens.issue(identity, resource).text;
    },
    'tokens.revokeAll': () => tokens.revokeAll(),
    'log.read': () => log.read(),
    'log.clear': clearLog,
    connections: () => ({ identity: connections.identity.count(), vault: connections.vault.count() }),
    dropConnections: servers.dropConnections,
    latency: (latency) => {
      Object.assign(state.latency, latency);
    },
    rotateIdentityHeader: servers.rotateIdentityHeader,
    reset: () => {
      clock.reset();
      vaults.reset();
      identities.reset();
      tokens.configure(state.settings.tokens);
      throttler.reset();
      faults.clear();
      for (const response of state.held) response.destroy();
      clearLog();
      Object.assign(state.latency, state.settings.latency);
      state.identityHeader = started.identityHeader;
      return state.identityHeader;
    },
  };
}
