// What the caller wrote becomes complete, checked settings for the server.
import { randomUUID } from 'node:crypto';
import {
  checkBoolean,
  checkEach,
  checkId,
  checkInteger,
  checkList,
  checkMembers,
  checkMs,
  checkOneOf,
  checkSecretName,
  checkText,
  checkVaultName,
  integer,
  isObject,
  wrong,
  wrongKind,
} from './check.js';
import { checkGrants } from './check-grants.js';
import { checkSecret } from './check-secret.js';
import type { IdentitySettings, ServerSettings, TokenSettings, VaultSettings } from './protocol.js';
import type { ExpiryForm, Latency, Throttle, TokenOptions } from './types.js';

const EXPIRY_FORMS: readonly ExpiryForm[] = [
  'protocol',
  'epoch-string',
  'epoch-number',
  'date',
  'iso',
  'expires_in',
  'none',
];

export function checkThrottle(name: string, given: unknown): Throttle {
  const checks = { requests: integer(0, 1e6), perSeconds: integer(1, 86_400), retryAfterSeconds: integer(0, 86_400) };
  return checkEach<Throttle>(name, given, checks, ['requests', 'perSeconds']);
}

export function checkLatency(name: string, given: unknown): Latency {
  return checkEach<Latency>(name, given, { identityMs: checkMs, vaultMs: checkMs });
}

export function checkTokenOptions(name: string, given: unknown): TokenOptions {
  return checkEach<TokenOptions>(name, given, {
    lifeSeconds: integer(0, 1e9),
    expiryForm: (at, form) => checkOneOf(at, form, EXPIRY_FORMS),
    reuse: checkBoolean,
  });
}

/** The first of these that another one before it equals, whatever their case. */
function twiceIn(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name.toLowerCase()).size);
}

function checkVaults(vaults: unknown, vaultOptions: unknown): VaultSettings[] {
  if (!isObject(vaults)) throw wrongKind('vaults', 'an object of vaults by name', vaults);
  if (!isObject(vaultOptions)) throw wrongKind('vaultOptions', 'an object of options by name of vault', vaultOptions);
  const settings = new Map<string, VaultSettings>();
  for (const [vault, secrets] of Object.entries(vaults)) {
    const name = checkVaultName('vaults', vault);
    if (!isObject(secrets)) throw wrongKind(`vaults.${name}`, 'an object of secrets by name', secrets);
    if (settings.has(name.toLowerCase())) throw new TypeError(`"vaults" has "${name}" twice; case does not count`);
    const twice = twiceIn(Object.keys(secrets));
    if (twice !== undefined) throw new TypeError(`"vaults.${name}" has "${twice}" twice; case does not count`);
    settings.set(name.toLowerCase(), {
      name,
      accessModel: 'rbac',
      throttle: null,
      secrets: Object.entries(secrets).map(([secret, value]) => [
        checkSecretName(`vaults.${name}`, secret),
        checkSecret(`vaults.${name}.${secret}`, value),
      ]),
    });
  }
  for (const [vault, options] of Object.entries(vaultOptions)) {
    const name = checkVaultName('vaultOptions', vault);
    const path = `vaultOptions.${name}`;
    const { accessModel = 'rbac', throttle } = checkMembers(path, options, ['accessModel', 'throttle']);
    settings.set(name.toLowerCase(), {
      name,
      secrets: [],
      ...settings.get(name.toLowerCase()),
      accessModel: checkOneOf(`${path}.accessModel`, accessModel, ['rbac', 'policy']),
      throttle: throttle === undefined ? null : checkThrottle(`${path}.throttle`, throttle),
    });
  }
  return [...settings.values()];
}

function checkIdentities(given: unknown, subscriptionId: string): IdentitySettings[] {
  const { system = {}, userAssigned = [] } = checkMembers('identities', given, ['system', 'userAssigned']);
  const identities: IdentitySettings[] = [];
  if (system !== false) {
    const path = 'identities.system';
    if (!isObject(system)) throw wrong(path, 'an object or false', system);
    const { objectId = randomUUID(), grants = 'all' } = checkMembers(path, system, ['objectId', 'grants']);
    identities.push({
      kind: 'system',
      clientId: randomUUID(),
      objectId: checkId(`${path}.objectId`, objectId),
      resourceId: undefined,
      rules: checkGrants(`${path}.grants`, grants),
    });
  }
  for (const [index, entry] of checkList('identities.userAssigned', userAssigned).entries()) {
    const path = `identities.userAssigned[${index}]`;
    const known = ['clientId', 'objectId', 'resourceId', 'grants'];
    const {
      clientId: givenClientId,
      objectId = randomUUID(),
      resourceId,
      grants = 'all',
    } = checkMembers(path, entry, known);
    const clientId = checkId(`${path}.clientId`, givenClientId);
    if (clientId === 'system') throw wrong(`${path}.clientId`, 'another name than "system"', clientId);
    identities.push({
      kind: 'user-assigned',
      clientId,
      objectId: checkId(`${path}.objectId`, objectId),
      resourceId: checkId(
        `${path}.resourceId`,
        resourceId ??
          `/subscriptions/${subscriptionId}/resourcegroups/emulator/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${clientId}`,
      ),
      rules: checkGrants(`${path}.grants`, grants),
    });
  }
  const ids = identities.flatMap((one) => [one.clientId, one.objectId, one.resourceId ?? []].flat());
  const twice = twiceIn(ids);
  if (twice !== undefined) throw new TypeError(`"identities" has the id "${twice}" twice`);
  return identities;
}

/** Throws a `TypeError` that names the option and what was expected. */
export function checkOptions(given: unknown): ServerSettings {
  const options = checkMembers('options', given, [
    'vaults',
    'vaultOptions',
    'unknownVaults',
    'identities',
    'tokens',
    'latency',
    'msiEndpoint',
    'port',
    'hostNames',
  ]);
  const { vaults = {}, vaultOptions = {}, unknownVaults = 'missing', identities = {}, tokens = {} } = options;
  const { latency = {}, msiEndpoint = {}, port, hostNames = [] } = options;
  const { getOnly = false } = checkMembers('msiEndpoint', msiEndpoint, ['getOnly']);
  const tokenDefaults: TokenSettings = { lifeSeconds: 86_400, expiryForm: 'protocol', reuse: false };
  return {
    tenantId: randomUUID(),
    vaults: checkVaults(vaults, vaultOptions),
    createUnknownVaults: checkOneOf('unknownVaults', unknownVaults, ['missing', 'create']) === 'create',
    identities: checkIdentities(identities, randomUUID()),
    tokens: { ...tokenDefaults, ...checkTokenOptions('tokens', tokens) },
    latency: { identityMs: 0, vaultMs: 0, ...checkLatency('latency', latency) },
    msiEndpointGetOnly: checkBoolean('msiEndpoint.getOnly', getOnly),
    port: port === undefined ? 0 : checkInteger('port', port, 0, 65_534),
    hostNames: checkList('hostNames', hostNames).map((name, index) =>
      checkText(
        `hostNames[${index}]`,
        name,
        /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$|^[0-9a-f:.]*:[0-9a-f:.]*$/i,
        'a DNS name or an IP address',
      ),
    ),
  };
}
