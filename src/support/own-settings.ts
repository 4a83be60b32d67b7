import { type IdentitySelector, parseIdentity } from './identity-selector.js';
import { LOG_LEVELS } from './log.js';
import { nearest } from './nearest.js';
import { isVaultSuffix } from './vault-names.js';

export interface Spec<T> {
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

/** By the names of options; the settings of the same meaning are named after them. */
export const SPECS = {
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

export type Name = keyof typeof SPECS;
export type Parsed<N extends Name> = ReturnType<(typeof SPECS)[N]['parse']>;

const PREFIX = 'VAULTSTRAP_';

/** `timeoutSeconds` -> `VAULTSTRAP_TIMEOUT_SECONDS`. */
export function settingOf(name: string): string {
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
