import { BootstrapError, type SettingFailure } from './errors.js';
import { type IdentitySelector, namesAppRegistration, SYSTEM_ASSIGNED } from './identity-selector.js';
import type { LogLevel } from './log.js';
import type { BootstrapOptions } from './options.js';
import { type Name, type Parsed, SPECS, type Spec, settingOf } from './own-settings.js';
import { type Environment, isOnPlatform, NOT_ON_AZURE, parseVaultEndpoint, type VaultEndpoint } from './platform.js';
import { readVaultCa } from './vault-ca.js';
import { VAULT_SUFFIXES } from './vault-names.js';

/** Everything configured, checked and complete. */
export interface Config {
  readonly ignore: ReadonlySet<string>;
  readonly identity: IdentitySelector;
  /** Where the default identity was named: decides the hint when it is refused. */
  readonly identityFrom: 'option' | 'VAULTSTRAP_IDENTITY' | 'AZURE_CLIENT_ID' | 'default';
  readonly onError: 'throw' | 'unset' | 'keep';
  readonly onRevoked: 'keep' | 'unset';
  readonly timeoutMs: number;
  readonly refreshMs: number;
  readonly settleMs: number;
  readonly concurrency: number;
  readonly client: 'direct' | 'sdk';
  readonly vaultSuffix: string;
  readonly allowedHosts: ReadonlySet<string>;
  readonly vaultEndpoint?: VaultEndpoint;
  /** PEM text. */
  readonly vaultCa?: string;
  readonly log: LogLevel;
}

const DEFAULT_TIMEOUT_SECONDS = 20;
/** The worker's own limit for its start is 120 s (worker.config.json, `initializationTimeout`). */
const WORKER_TIMEOUT_SECONDS = 90;

/** The one question that is asked before anything else is read. Anything but a clear no is a yes. */
export function isEnabled(env: Environment, options: BootstrapOptions): boolean {
  return (options.enabled ?? SPECS.enabled.parse(env['VAULTSTRAP_ENABLED'])) !== false;
}

/**
 * Options and settings as one checked configuration.
 *
 * @throws BootstrapError that lists every malformed setting and option, with what was expected.
 */
export function readConfig(env: Environment, options: BootstrapOptions = {}, inFunctionsWorker = false): Config {
  const failures: SettingFailure[] = [];
  const reject = (
    setting: string,
    code: 'ERR_INVALID_SETTING' | 'ERR_INVALID_OPTION',
    expected: string,
    details = 'the value is not what this setting takes.',
  ) => failures.push({ setting, status: 'InvalidSyntax', code, details, hint: `Expected: ${expected}.` });

  function read<N extends Name>(name: N): Parsed<N> | undefined {
    const option = options[name];
    const setting = settingOf(name);
    const given = option ?? env[setting];
    if (given === undefined || (option === undefined && given === '')) return undefined;
    const spec: Spec<unknown> = SPECS[name];
    const value = spec.parse(given);
    if (value === undefined) {
      if (option === undefined) reject(setting, 'ERR_INVALID_SETTING', spec.expected);
      else reject(`option ${name}`, 'ERR_INVALID_OPTION', spec.expected);
    }
    return value as Parsed<N>;
  }

  for (const name of Object.keys(options)) {
    if (Object.hasOwn(SPECS, name)) continue;
    reject(
      `option ${name}`,
      'ERR_INVALID_OPTION',
      `one of ${Object.keys(SPECS).join(', ')}`,
      'there is no such option.',
    );
  }

  const endpoint = parseVaultEndpoint(env);
  if (endpoint && 'problem' in endpoint) {
    reject('VAULTSTRAP_VAULT_ENDPOINT', 'ERR_INVALID_SETTING', endpoint.problem);
  }

  const givenCa = env['VAULTSTRAP_VAULT_CA'];
  const vaultCa = givenCa ? readVaultCa(givenCa) : undefined;
  if (givenCa && isOnPlatform(env)) reject('VAULTSTRAP_VAULT_CA', 'ERR_INVALID_SETTING', NOT_ON_AZURE);
  else if (givenCa && vaultCa === undefined) {
    reject('VAULTSTRAP_VAULT_CA', 'ERR_INVALID_SETTING', 'a CA certificate as PEM text, or the path of a .pem file');
  }

  // Its answer was asked for before (`isEnabled`); that it is no answer is said here.
  read('enabled');
  const seconds = (value: number | undefined, fallback: number) => (value ?? fallback) * 1000;
  const identity = read('identity');
  const config: Config = {
    ignore: new Set(read('ignore')),
    ...defaultIdentity(env, identity, options.identity !== undefined),
    onError: read('onError') ?? 'throw',
    onRevoked: read('onRevoked') ?? 'keep',
    timeoutMs: seconds(read('timeoutSeconds'), inFunctionsWorker ? WORKER_TIMEOUT_SECONDS : DEFAULT_TIMEOUT_SECONDS),
    refreshMs: seconds(read('refreshSeconds'), 300),
    settleMs: seconds(read('settleSeconds'), 30),
    concurrency: read('concurrency') ?? 24,
    client: read('client') ?? 'direct',
    vaultSuffix: read('vaultSuffix') ?? VAULT_SUFFIXES[0],
    allowedHosts: new Set(read('allowedHosts')?.map((host) => host.toLowerCase().replace(/:443$/, ''))),
    ...(endpoint && !('problem' in endpoint) && { vaultEndpoint: endpoint }),
    ...(vaultCa !== undefined && { vaultCa }),
    log: read('log') ?? 'warn',
  };
  if (failures.length > 0) throw new BootstrapError(failures);
  return config;
}

/**
 * `AZURE_CLIENT_ID` is the ecosystem's convention for a user-assigned identity, except
 * when it names an app registration.
 */
function defaultIdentity(
  env: Environment,
  named: IdentitySelector | undefined,
  asOption: boolean,
): Pick<Config, 'identity' | 'identityFrom'> {
  if (named) return { identity: named, identityFrom: asOption ? 'option' : 'VAULTSTRAP_IDENTITY' };
  const clientId = env['AZURE_CLIENT_ID']?.trim();
  if (clientId && !namesAppRegistration(env)) {
    return { identity: { kind: 'client', id: clientId.toLowerCase() }, identityFrom: 'AZURE_CLIENT_ID' };
  }
  return { identity: SYSTEM_ASSIGNED, identityFrom: 'default' };
}
