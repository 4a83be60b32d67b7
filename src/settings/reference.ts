import { type IdentitySelector, parseIdentity } from '../support/identity-selector.js';
import {
  isSecretName,
  isVaultName,
  SECRET_NAME_RULE,
  VAULT_NAME_RULE,
  VAULT_SUFFIXES,
} from '../support/vault-names.js';
import { bad, type Params, type ReferenceProblem, readParams } from './params.js';

/** A reference is at most this long, from its marker to its closing parenthesis. */
export const MAX_REFERENCE_LENGTH = 2048;

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

export type ParsedReference = { readonly reference: SecretReference } | ReferenceProblem;

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
  vaultSuffix: string = VAULT_SUFFIXES[0],
): ParsedReference {
  const values = readParams(params);
  if ('problem' in values) return values;
  const extras = readExtras(values);
  if ('problem' in extras) return extras;
  const target = readTarget(values, vaultSuffix);
  return 'problem' in target ? target : { reference: { marker, ...target, ...extras } };
}

/**
 * Parses `akvs://{subscription}/{vault}/{secret}[/{version}]`, the form that
 * `azd env set-secret` writes.
 */
export function parseAkvs(text: string, vaultSuffix: string = VAULT_SUFFIXES[0]): ParsedReference {
  const hint = 'Write akvs://{subscription id}/{vault}/{secret}, with /{version} after it if it is to be pinned.';
  if (text.length > MAX_REFERENCE_LENGTH) return tooLong();
  const [subscription = '', vault = '', secret, version, ...rest] = text.slice('akvs://'.length).split('/');
  if (!SUBSCRIPTION.test(subscription)) return bad('the subscription of akvs:// is malformed.', hint);
  if (!isVaultName(vault)) return bad('the vault name of akvs:// is malformed.', VAULT_NAME_ALONE);
  if (secret === undefined || rest.length > 0) return bad('akvs:// has too few or too many parts.', hint);
  const keys = ['the secret name of akvs://', 'the version of akvs://'] as const;
  const target = targetOf(`${vault}.${vaultSuffix}`, secret, version, keys);
  return 'problem' in target ? target : { reference: { marker: 'akvs', ...target } };
}

/** Which secret a reference names. */
type Target = Pick<SecretReference, 'host' | 'vault' | 'secret' | 'version'>;

/** `keys`: what name and version are called where they stand. */
function targetOf(
  host: string,
  secret: string,
  version: string | undefined,
  [secretKey, versionKey]: readonly [string, string],
): Target | ReferenceProblem {
  if (!isSecretName(secret)) return bad(`${secretKey} is not a secret name.`, SECRET_NAME_RULE);
  if (version !== undefined && !SECRET_VERSION.test(version)) {
    return bad(`${versionKey} is not a version.`, 'A version has 32 letters and digits; leave it out for the newest.');
  }
  const lower = host.toLowerCase();
  return {
    host: lower,
    vault: lower.split('.', 1)[0] ?? lower,
    secret: secret.toLowerCase(),
    ...(version !== undefined && { version: version.toLowerCase() }),
  };
}

function readTarget(values: Params, vaultSuffix: string): Target | ReferenceProblem {
  const { SecretUri: uri, VaultName: vault, SecretName: secret } = values;
  if (uri !== undefined) {
    const other = (['VaultName', 'SecretName', 'SecretVersion'] as const).find((k) => values[k] !== undefined);
    return other ? bad(`SecretUri and ${other} exclude each other.`, `Remove ${other}, or SecretUri.`) : parseUri(uri);
  }
  if (vault === undefined || secret === undefined) {
    const missing = vault !== undefined ? 'SecretName' : secret !== undefined ? 'VaultName' : 'SecretUri';
    const separator = (vault ?? secret)?.includes(',') ? 'Between keys stands ";". ' : '';
    return bad(`${missing} is missing.`, separator + WHAT_IT_NEEDS);
  }
  if (!isVaultName(vault)) return bad('VaultName is not a vault name.', VAULT_NAME_ALONE);
  // Empty is the newest, as App Service reads it and samples write it.
  const version = values.SecretVersion || undefined;
  return targetOf(`${vault}.${vaultSuffix}`, secret, version, ['SecretName', 'SecretVersion']);
}

function parseUri(uri: string): Target | ReferenceProblem {
  const match = SECRET_URI.exec(uri);
  if (!match) {
    return bad(
      'SecretUri is not a secret identifier.',
      // What the portal offers to copy first.
      uri.includes('/certificates/')
        ? 'A certificate, with its key, is in the secret of the same name: write /secrets/ in place of /certificates/.'
        : 'It is https://{vault}.vault.azure.net/secrets/{name}[/{version}], without user, query or fragment.',
    );
  }
  const [, host = '', port = '', secret = '', version] = match;
  // The port of https says nothing; Azure PowerShell prints it in every identifier.
  const whole = `${host}${port === ':443' ? '' : port}`;
  return targetOf(whole, secret, version, ['the name in SecretUri', 'the version in SecretUri']);
}

type Extras = Pick<SecretReference, 'identity' | 'field' | 'encode' | 'format' | 'file' | 'optional' | 'default'>;

function readExtras(values: Params): Extras | ReferenceProblem {
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
    ...(selector && { identity: selector }),
    ...(field !== undefined && { field }),
    ...(encode !== undefined && { encode }),
    ...(format !== undefined && { format }),
    ...(file === 'true' && { file: true }),
    ...(optional === 'true' && { optional: true }),
    ...(fallback !== undefined && { default: fallback }),
  };
}

export function tooLong(): ReferenceProblem {
  return bad(`a reference is longer than ${MAX_REFERENCE_LENGTH} characters.`, NOT_CLOSED);
}

export function notClosed(): ReferenceProblem {
  return bad('a reference is not closed.', NOT_CLOSED);
}

// Its last ")" is what az loses under PowerShell and cmd: https://github.com/Azure/azure-cli/issues/8506
const NOT_CLOSED =
  'Close it with ")". Under PowerShell and cmd az drops that from the end of an argument: give it --settings @file.json. A literal "@KeyVault(" is written "@@KeyVault(".';

const WHAT_IT_NEEDS =
  'Give SecretUri=https://{vault}.vault.azure.net/secrets/{name}, or VaultName={vault};SecretName={name}.';

const VAULT_NAME_ALONE = `${VAULT_NAME_RULE} Give it alone, without the rest of the host.`;
