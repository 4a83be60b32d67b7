import { BootstrapError, type SettingFailure } from './errors.js';
import { type IdentitySelector, namesAppRegistration, parseIdentity, SYSTEM_ASSIGNED } from './identity-selector.js';
import { LOG_LEVELS, type LogLevel } from './log.js';
import { nearest } from './nearest.js';
import type { BootstrapOptions } from './options.js';
import { parseVaultEndpoint, type VaultEndpoint } from './platform.js';
import { readVaultCa } from './vault-ca.js';
import { isVaultSuffix } from './vault-names.js';

type Env = Readonly<Record<string, string | undefined>>;

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

interface Spec<T> {
  /** Reads the text of a setting or the value of an option; `undefined` when it is malformed. */
  readonly parse: (value: unknown) => T | undefined;
  readonly expected: string;
}

/** As settings are compared: without case, and without spaces around. What is no text is no word. */
function wordOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().toLowerCase() : '';
}

const flag: Spec<boolean> = {
  expected: 'true or false',
  parse: (value) => {
    if (typeof value === 'boolean') return value;
    const word = wordOf(value);
    return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : undefined;
  },
};

function integer(min: number, max: number): Spec<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse: (value) => {
      const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
        ? number
        : undefined;
    },
  };
}

function oneOf<const T extends string>(...words: readonly T[]): Spec<T> {
  return {
    expected: words.join(', '),
    parse: (value) => words.find((word) => word === wordOf(value)),
  };
}

function list(isItem: (text: string) => boolean, expected: string): Spec<readonly string[]> {
  return {
    expected,
    parse: (value) => {
      const items: unknown = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(items) || items.some((item) => typeof item !== 'string')) return undefined;
      const trimmed = items.map((item: string) => item.trim()).filter((item) => item !== '');
      return trimmed.every(isItem) ? trimmed : undefined;
    },
  };
}

/** `host` or `host:port`. */
function isHost(text: string): boolean {
  const match = /^[a-z0-9.-]+(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[1] ?? 443);
  return match !== null && port >= 1 && port <= 65_535;
}

const identitySelector: Spec<IdentitySelector> = {
  expected: 'a client id (a GUID), object:{GUID}, an ARM resource id of a user-assigned identity, or system',
  parse: (value) => (typeof value === 'string' ? parseIdentity(value.trim()) : undefined),
};

const suffix: Spec<string> = {
  expected: 'a vault suffix such as vault.azure.net: a known one, or a name whose first label is "vault"',
  parse: (value) => (isVaultSuffix(wordOf(value)) ? wordOf(value) : undefined),
};

const SPECS = {
  enabled: flag,
  ignore: list((name) => /^[^\s=,]+$/.test(name), 'names of settings, separated by commas'),
  identity: identitySelector,
  onError: oneOf('throw', 'unset', 'keep'),
  onRevoked: oneOf('keep', 'unset'),
  timeoutSeconds: integer(1, 600),
  refreshSeconds: integer(0, 86_400),
  settleSeconds: integer(0, 3600),
  concurrency: integer(1, 256),
  client: oneOf('direct', 'sdk'),
  vaultSuffix: suffix,
  allowedHosts: list(isHost, 'exact host names, each with or without :port, separated by commas'),
  log: oneOf(...LOG_LEVELS),
} as const;

type Name = keyof typeof SPECS;
type Parsed<N extends Name> = ReturnType<(typeof SPECS)[N]['parse']>;

/** The one question that is asked before anything else is read. Anything but a clear no is a yes. */
export function isEnabled(env: Env, options: BootstrapOptions): boolean {
  return (options.enabled ?? flag.parse(env['VAULTSTRAP_ENABLED'])) !== false;
}

const PREFIX = 'VAULTSTRAP_';

/** `timeoutSeconds` -> `VAULTSTRAP_TIMEOUT_SECONDS`. */
function settingOf(name: string): string {
  return `${PREFIX}${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
}

/** Those without an option of their own. */
const ONLY_SETTINGS = ['VAULTSTRAP_VAULT_ENDPOINT', 'VAULTSTRAP_VAULT_CA', 'VAULTSTRAP_SCHEDULE'] as const;

/** Every setting of our own that users set. */
export const OWN_SETTINGS: readonly string[] = [...Object.keys(SPECS).map(settingOf), ...ONLY_SETTINGS];

/** Which of them a misspelt name stands for. They share a beginning: it is the rest that has to be alike. */
export function nearestOwnSetting(name: string): string | undefined {
  const meant = nearest(
    name.slice(PREFIX.length),
    OWN_SETTINGS.map((own) => own.slice(PREFIX.length)),
  );
  return meant && `${PREFIX}${meant}`;
}

/**
 * Options and settings as one checked configuration.
 *
 * @throws BootstrapError that lists every malformed setting and option, with what was expected.
 */
export function readConfig(env: Env, options: BootstrapOptions = {}, inFunctionsWorker = false): Config {
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
  if (givenCa && vaultCa === undefined) {
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
    vaultSuffix: read('vaultSuffix') ?? 'vault.azure.net',
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
  env: Env,
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
