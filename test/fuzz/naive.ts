// The grammar of references once more, written from docs/references.md and not from src: a character at a time, no
// regular expressions, nothing clever. Where the two disagree, one of them is wrong.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const LONGEST = 2048;

export interface NaiveReference {
  readonly marker: string;
  readonly host: string;
  readonly secret: string;
  readonly version: string | undefined;
  readonly field: string | undefined;
  readonly format: string | undefined;
  readonly file: boolean;
  readonly encode: string | undefined;
  readonly optional: boolean;
  readonly default: string | undefined;
  readonly identity: string | undefined;
}

/** Literal texts and references, in order; `undefined`: something is wrong with it. */
export function naiveScan(value: string): readonly (string | NaiveReference)[] | undefined {
  if (startsWith(value, 'akvs://')) {
    const reference = naiveAkvs(value);
    return reference && [reference];
  }
  const pieces: (string | NaiveReference)[] = [];
  let text = '';
  for (let at = 0; at < value.length; ) {
    if (value[at] !== '@') {
      text += value[at++];
      continue;
    }
    const escaped = markerAt(value, at + 1);
    if (escaped) {
      text += escaped.text;
      at += 1 + escaped.text.length;
      continue;
    }
    const marker = markerAt(value, at);
    if (!marker) {
      text += value[at++];
      continue;
    }
    let end = at;
    while (end < value.length && value[end] !== ')') end++;
    if (end === value.length || end + 1 - at > LONGEST) return undefined;
    const reference = naiveReference(marker.name, value.slice(at + marker.text.length, end));
    if (!reference) return undefined;
    if (text) pieces.push(text);
    text = '';
    pieces.push(reference);
    at = end + 1;
  }
  if (text) pieces.push(text);
  return pieces;
}

function markerAt(value: string, at: number): { name: string; text: string } | undefined {
  for (const name of ['@KeyVault', '@Microsoft.KeyVault']) {
    const text = value.slice(at, at + name.length + 1);
    if (text.length === name.length + 1 && startsWith(text, `${name}(`)) return { name, text };
  }
  return undefined;
}

function naiveReference(marker: string, params: string): NaiveReference | undefined {
  const parts = params.split(';');
  if (parts.length > 1 && parts[parts.length - 1]?.trim() === '') parts.pop();
  const given: Record<string, string> = Object.create(null);
  for (const part of parts) {
    const [written = '', ...rest] = part.split('=');
    const key = written.trim().toLowerCase();
    if (rest.length === 0 || given[key] !== undefined) return undefined;
    const text = rest.join('=');
    given[key] = key === 'default' ? text : text.trim();
    if (given[key] === '' && !['default', 'secretversion'].includes(key)) return undefined;
  }
  const { secreturi, vaultname, secretname, secretversion, identity, field, encode, optional, ...rest } = given;
  const { default: fallback, format, file, ...unknown } = rest;
  if (Object.keys(unknown).length > 0) return undefined;
  if (optional !== undefined && !['true', 'false'].includes(optional.toLowerCase())) return undefined;
  const isOptional = optional?.toLowerCase() === 'true';
  if (isOptional && fallback !== undefined) return undefined;
  if (encode !== undefined && !['uri', 'base64', 'json'].includes(encode.toLowerCase())) return undefined;
  if (field !== undefined && !isField(field)) return undefined;
  if (format !== undefined && (format.toLowerCase() !== 'pem' || field !== undefined)) return undefined;
  if (file !== undefined && !['true', 'false'].includes(file.toLowerCase())) return undefined;
  const isFile = file?.toLowerCase() === 'true';
  if (isFile && encode !== undefined) return undefined;
  const who = identity === undefined ? undefined : naiveIdentity(identity);
  if (identity !== undefined && who === undefined) return undefined;
  const form = { encode: encode?.toLowerCase(), format: format?.toLowerCase(), file: isFile };
  const more = { marker, field, ...form, optional: isOptional, default: fallback, identity: who };

  if (secreturi !== undefined) {
    if (vaultname !== undefined || secretname !== undefined || secretversion !== undefined) return undefined;
    const target = naiveUri(secreturi);
    return target && { ...target, ...more };
  }
  if (vaultname === undefined || secretname === undefined) return undefined;
  const target = named(vaultname, secretname, secretversion === '' ? undefined : secretversion);
  return target && { ...target, ...more };
}

function naiveAkvs(value: string): NaiveReference | undefined {
  const [subscription = '', vault = '', secret = '', version, ...rest] = value.slice('akvs://'.length).split('/');
  if (value.length > LONGEST || rest.length > 0 || !consistsOf(subscription, `${LETTERS}${DIGITS}-`, 1, 64))
    return undefined;
  const target = named(vault, secret, version);
  const form = { encode: undefined, format: undefined, file: false };
  const more = { field: undefined, ...form, optional: false, default: undefined, identity: undefined };
  return target && { marker: 'akvs', ...target, ...more };
}

function named(vault: string, secret: string, version: string | undefined) {
  const name = lower(vault);
  if (!consistsOf(name, `${LETTERS}${DIGITS}-`, 3, 24) || !LETTERS.includes(name[0] ?? ' ')) return undefined;
  if (name.includes('--') || name.endsWith('-')) return undefined;
  return isSecret(secret, version) ? target(`${name}.vault.azure.net`, secret, version) : undefined;
}

function naiveUri(uri: string) {
  if (!startsWith(uri, 'https://')) return undefined;
  const [authority = '', ...path] = uri.slice('https://'.length).split('/');
  if (path[0] === '') path.shift();
  const [folder = '', secret = '', ...rest] = path;
  if (rest[rest.length - 1] === '') rest.pop();
  if (rest.length > 1 || lower(folder) !== 'secrets' || !isSecret(secret, rest[0])) return undefined;
  const [host = '', ...ports] = lower(authority).split(':');
  if (ports.length > 1 || (ports[0] !== undefined && !consistsOf(ports[0], DIGITS, 1, 5))) return undefined;
  if (!consistsOf(host, `${LETTERS}${DIGITS}.-`, 1, 253)) return undefined;
  for (const end of [host[0], host[host.length - 1]]) if (end === '.' || end === '-') return undefined;
  return target(ports[0] === '443' ? host : authority, secret, rest[0]);
}

const target = (host: string, secret: string, version: string | undefined) => ({
  host: host.toLowerCase(),
  secret: secret.toLowerCase(),
  version: version?.toLowerCase(),
});

function isSecret(secret: string, version: string | undefined): boolean {
  if (!consistsOf(secret, `${LETTERS}${DIGITS}-`, 1, 127)) return false;
  return version === undefined || consistsOf(version, `${LETTERS}${DIGITS}`, 32, 32);
}

function isField(field: string): boolean {
  if (field[0] !== '/') return true;
  return field.split('~').every((rest, index) => index === 0 || rest[0] === '0' || rest[0] === '1');
}

function naiveIdentity(text: string): string | undefined {
  const small = lower(text);
  if (small === 'system' || isGuid(small)) return small;
  if (small.startsWith('object:')) return isGuid(small.slice(7).trim()) ? `object:${small.slice(7).trim()}` : undefined;
  const [nothing, ...parts] = text.split('/');
  // "?": whatever stands there.
  const fixed = ['subscriptions', '?', 'resourcegroups', '?', 'providers', 'microsoft.managedidentity'];
  fixed.push('userassignedidentities', '?');
  const fits = parts.every((part, index) => {
    const word = fixed[index];
    return word === '?' ? part !== '' && part.trim() === part && part.split(/\s/).length === 1 : lower(part) === word;
  });
  return nothing === '' && parts.length === 8 && fits ? text : undefined;
}

function isGuid(small: string): boolean {
  const lengths = [8, 4, 4, 4, 12];
  const parts = small.split('-');
  return (
    parts.length === 5 &&
    parts.every((part, i) => consistsOf(part, `${DIGITS}abcdef`, lengths[i] ?? 0, lengths[i] ?? 0))
  );
}

function consistsOf(text: string, alphabet: string, min: number, max: number): boolean {
  if (text.length < min || text.length > max) return false;
  for (const char of lower(text)) if (!alphabet.includes(char)) return false;
  return true;
}

function startsWith(value: string, start: string): boolean {
  return lower(value.slice(0, start.length)) === lower(start);
}

/** Of ASCII alone: the Kelvin sign is no "k". */
function lower(text: string): string {
  return [...text].map((char) => (char <= '\x7f' ? char.toLowerCase() : char)).join('');
}
