import { type IdentitySelector, parseIdentity } from '../support/identity-selector.js';
import { nearest } from '../support/nearest.js';
import { isSecretName, isVaultName, SECRET_NAME_RULE, VAULT_NAME_RULE } from '../support/vault-names.js';

/** A reference is at most this long, from its marker to its closing parenthesis. */
export const MAX_REFERENCE_LENGTH = 2048;

const DEFAULT_VAULT_SUFFIX = 'vault.azure.net';

export type Encoding = 'uri' | 'base64' | 'json';

/** The form in which a certificate is asked for. */
export type Format = 'pem';

/** A parsed Key Vault reference. Names are lower case: Key Vault ignores case. */
export interface SecretReference {
  readonly marker: '@KeyVault' | '@Microsoft.KeyVault' | 'akvs';
  /** Host of the vault, with `:port` if one was given: `shop.vault.azure.net`. */
  readonly host: string;
  readonly vault: string;
  readonly secret: string;
  /** Absent: the newest version. */
  readonly version?: string;
  readonly identity?: IdentitySelector;
  /** A top-level member's name, or an RFC 6901 pointer beginning with `/`. */
  readonly field?: string;
  readonly encode?: Encoding;
  readonly format?: Format;
  /** The value goes into a private file, its path into the setting. */
  readonly file?: boolean;
  readonly optional?: boolean;
  readonly default?: string;
}

export interface ReferenceProblem {
  /** What is wrong, naming the key; never quotes a value. */
  readonly problem: string;
  readonly hint: string;
}

export type ParsedReference = { readonly reference: SecretReference } | ReferenceProblem;

const REFERENCE_KEYS = [
  'SecretUri',
  'VaultName',
  'SecretName',
  'SecretVersion',
  'Identity',
  'Field',
  'Encode',
  'Format',
  'File',
  'Optional',
  'Default',
] as const;
type Key = (typeof REFERENCE_KEYS)[number];
const KEY_BY_LOWER = new Map<string, Key>(REFERENCE_KEYS.map((key) => [key.toLowerCase(), key]));

const SECRET_VERSION = /^[0-9a-z]{32}$/i;
const SUBSCRIPTION = /^[0-9a-z-]{1,64}$/i;
// With a second slash where a template puts a path behind a vault's `vaultUri`, which ends with one; the vault takes both.
const SECRET_URI =
  /^https:\/\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(:\d{1,5})?\/{1,2}secrets\/([^/]*)(?:\/([^/]+))?\/?$/i;

/**
 * Parses what stands between the parentheses of `@KeyVault(...)`.
 *
 * `vaultSuffix` completes the `VaultName` form; the URI form brings its own host,
 * which is judged later (vault/host.ts), before a token is asked for.
 * Grammar: https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
 */
export function parseReference(
  marker: '@KeyVault' | '@Microsoft.KeyVault',
  params: string,
  vaultSuffix: string = DEFAULT_VAULT_SUFFIX,
): ParsedReference {
  const read = readParams(params);
  if ('problem' in read) return read;
  const { values } = read;

  const extras = readExtras(values);
  if ('problem' in extras) return extras;

  const uri = values.SecretUri;
  if (uri !== undefined) {
    const other = (['VaultName', 'SecretName', 'SecretVersion'] as const).find((k) => values[k] !== undefined);
    if (other) return bad(`SecretUri and ${other} exclude each other.`, `Remove ${other}, or SecretUri.`);
    const target = parseSecretUri(uri);
    if ('problem' in target) return target;
    return { reference: { marker, ...target, ...extras.extras } };
  }

  const vault = values.VaultName;
  const secret = values.SecretName;
  // Empty is the newest, as App Service reads it and samples write it.
  const version = values.SecretVersion || undefined;
  if (vault === undefined || secret === undefined) {
    const missing =
      vault === undefined && secret === undefined ? 'SecretUri' : vault === undefined ? 'VaultName' : 'SecretName';
    return bad(`${missing} is missing.`, WHAT_IT_NEEDS);
  }
  if (!isVaultName(vault)) return bad('VaultName is not a vault name.', VAULT_NAME_ALONE);
  const name = checkNames(secret, version, 'SecretName', 'SecretVersion');
  if (name) return name;
  return { reference: { marker, ...targetOf(vault, secret, version, vaultSuffix), ...extras.extras } };
}

/**
 * Parses `akvs://{subscription}/{vault}/{secret}[/{version}]`, the form that
 * `azd env set-secret` writes.
 */
export function parseAkvs(text: string, vaultSuffix: string = DEFAULT_VAULT_SUFFIX): ParsedReference {
  const hint = 'Write akvs://{subscription id}/{vault}/{secret}, with /{version} after it if it is to be pinned.';
  if (text.length > MAX_REFERENCE_LENGTH) return tooLong();
  const [subscription, vault, secret, version, ...rest] = text.slice('akvs://'.length).split('/');
  if (subscription === undefined || !SUBSCRIPTION.test(subscription))
    return bad('the subscription of akvs:// is malformed.', hint);
  if (vault === undefined || !isVaultName(vault))
    return bad('the vault name of akvs:// is malformed.', VAULT_NAME_ALONE);
  if (secret === undefined || rest.length > 0) return bad('akvs:// has too few or too many parts.', hint);
  const name = checkNames(secret, version, 'the secret name of akvs://', 'the version of akvs://');
  if (name) return name;
  return { reference: { marker: 'akvs', ...targetOf(vault, secret, version, vaultSuffix) } };
}

/** Which secret a reference names. */
type Target = Pick<SecretReference, 'host' | 'vault' | 'secret' | 'version'>;

function targetOf(vault: string, secret: string, version: string | undefined, vaultSuffix: string): Target {
  return {
    host: `${vault}.${vaultSuffix}`.toLowerCase(),
    vault: vault.toLowerCase(),
    secret: secret.toLowerCase(),
    ...(version !== undefined && { version: version.toLowerCase() }),
  };
}

export function tooLong(): ReferenceProblem {
  return bad(
    `a reference is longer than ${MAX_REFERENCE_LENGTH} characters, or not closed.`,
    'Close it with ")". A literal "@KeyVault(" is written "@@KeyVault(".',
  );
}

const WHAT_IT_NEEDS =
  'Give SecretUri=https://{vault}.vault.azure.net/secrets/{name}, or VaultName={vault};SecretName={name}.';

const VAULT_NAME_ALONE = `${VAULT_NAME_RULE} Give it alone, without the rest of the host.`;

function bad(problem: string, hint: string): ReferenceProblem {
  return { problem, hint };
}

function readParams(params: string): { values: Params } | ReferenceProblem {
  const parts = params.split(';');
  if (params.trim() === '') return bad('SecretUri is missing.', WHAT_IT_NEEDS);
  // One trailing `;` is allowed, as in the platform's own samples.
  if (parts.length > 1 && parts.at(-1)?.trim() === '') parts.pop();
  const values: { [K in Key]?: string } = {};
  for (const part of parts) {
    const equals = part.indexOf('=');
    const written = (equals < 0 ? part : part.slice(0, equals)).trim();
    const key = KEY_BY_LOWER.get(written.toLowerCase());
    if (!key) return unknownKey(written, equals >= 0);
    if (equals < 0) return bad(`${key} has no "=".`, `Write ${key}=value.`);
    if (values[key] !== undefined) return bad(`${key} is given twice.`, `Keep one ${key}.`);
    const text = part.slice(equals + 1);
    // Default is literal, spaces included.
    const value = key === 'Default' ? text : text.trim();
    if (value === '' && key !== 'Default' && key !== 'SecretVersion')
      return bad(`${key} is empty.`, `Give ${key} a value, or remove it.`);
    values[key] = value;
  }
  return { values };
}

function unknownKey(written: string, hasEquals: boolean): ReferenceProblem {
  const meant = written.length > 32 ? undefined : nearest(written, REFERENCE_KEYS);
  // Quoted is what stands before a "=" and is a word, or nearly a key: else it could be a misplaced value, or the rest
  // of a Default.
  const isWord = hasEquals && (meant ? /^[\w-]+$/ : /^[a-z]{1,32}$/i).test(written);
  return bad(
    `${isWord ? `key "${written}"` : 'a key'} is not known.`,
    `${meant ? `Did you mean ${meant}? ` : ''}Known keys: ${REFERENCE_KEYS.join(', ')}. A Default cannot hold ";" or ")".`,
  );
}

type Params = { readonly [K in Key]?: string };

type Extras = Pick<SecretReference, 'identity' | 'field' | 'encode' | 'format' | 'file' | 'optional' | 'default'>;

function readExtras(values: Params): { extras: Extras } | ReferenceProblem {
  const identity = values.Identity;
  const selector = identity === undefined ? undefined : parseIdentity(identity);
  if (identity !== undefined && !selector) {
    return bad('Identity is malformed.', 'Give a client id (a GUID), object:{GUID}, an ARM resource id, or system.');
  }
  const field = values.Field;
  if (field?.startsWith('/') && /~(?![01])/.test(field)) {
    return bad(
      'Field is not a valid JSON pointer.',
      'In a pointer "~" is written "~0" and "/" inside a name "~1" (RFC 6901).',
    );
  }
  const encode = values.Encode?.toLowerCase();
  if (encode !== undefined && encode !== 'uri' && encode !== 'base64' && encode !== 'json') {
    return bad('Encode is not known.', 'Encode is uri, base64 or json.');
  }
  const format = values.Format?.toLowerCase();
  if (format !== undefined && format !== 'pem') return bad('Format is not known.', 'Format is pem, or left out.');
  if (format !== undefined && field !== undefined) {
    return bad('Format and Field exclude each other.', 'Keep Format for a certificate, or Field for a JSON secret.');
  }
  const file = values.File?.toLowerCase();
  if (file !== undefined && file !== 'true' && file !== 'false') {
    return bad('File is neither true nor false.', 'File is true or false.');
  }
  if (file === 'true' && encode !== undefined) {
    return bad('File and Encode exclude each other.', 'Remove Encode: the file holds the value as it is.');
  }
  const optional = values.Optional?.toLowerCase();
  if (optional !== undefined && optional !== 'true' && optional !== 'false') {
    return bad('Optional is neither true nor false.', 'Optional is true or false.');
  }
  const fallback = values.Default;
  if (fallback !== undefined && optional === 'true') {
    return bad(
      'Default and Optional exclude each other.',
      'Keep Default (a text instead) or Optional=true (the setting is unset).',
    );
  }
  return {
    extras: {
      ...(selector && { identity: selector }),
      ...(field !== undefined && { field }),
      ...(encode !== undefined && { encode }),
      ...(format !== undefined && { format }),
      ...(file === 'true' && { file: true }),
      ...(optional === 'true' && { optional: true }),
      ...(fallback !== undefined && { default: fallback }),
    },
  };
}

function parseSecretUri(uri: string): Target | ReferenceProblem {
  const match = SECRET_URI.exec(uri);
  if (!match) {
    return bad(
      'SecretUri is not a secret identifier.',
      'It is https://{vault}.vault.azure.net/secrets/{name}[/{version}], without user, query or fragment.',
    );
  }
  const [, hostName = '', port = '', secret = '', version] = match;
  const name = checkNames(secret, version, 'the name in SecretUri', 'the version in SecretUri');
  if (name) return name;
  // The port of https says nothing; Azure PowerShell prints it in every identifier.
  const host = `${hostName}${port === ':443' ? '' : port}`.toLowerCase();
  return {
    host,
    vault: host.split('.', 1)[0] ?? host,
    secret: secret.toLowerCase(),
    ...(version && { version: version.toLowerCase() }),
  };
}

function checkNames(
  secret: string,
  version: string | undefined,
  secretKey: string,
  versionKey: string,
): ReferenceProblem | undefined {
  if (!isSecretName(secret)) return bad(`${secretKey} is not a secret name.`, SECRET_NAME_RULE);
  if (version !== undefined && !SECRET_VERSION.test(version)) {
    return bad(`${versionKey} is not a version.`, 'A version has 32 letters and digits; leave it out for the newest.');
  }
  return undefined;
}
