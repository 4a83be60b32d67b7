import { randomUUID } from 'node:crypto';
import type { SecretReference } from '../../settings/reference.js';
import { isReference, scanValue } from '../../settings/scan.js';
import { type IdentitySelector, printIdentity } from '../../support/identity-selector.js';
import { isVaultName } from '../../support/vault-names.js';
import type { UserAssignedIdentityOptions } from '../../testing/index.js';

/** Settings, and where they stand, for people. */
export interface Source {
  readonly from: string;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

/** A secret that is referred to, and a value that nobody could take for a real one. */
export interface Placeholder {
  readonly vault: string;
  readonly secret: string;
  readonly value: string;
  /** A reference asks for a certificate. */
  readonly pem?: 'self-signed';
  /** Those that references name. */
  readonly versions: readonly string[];
  /** Whether a reference wants the newest. */
  readonly newest: boolean;
  readonly from: string;
}

export const placeholderValue = (vault: string, secret: string): string => `emulated-${vault}-${secret}`;

/** One for every secret of a vault that a setting refers to, in order of appearance. */
export function placeholdersFor(sources: readonly Source[], suffix: string): readonly Placeholder[] {
  const wanted = new Map<string, { from: string; references: SecretReference[] }>();
  for (const { from, settings } of sources) {
    for (const reference of Object.values(settings).flatMap((value) => referencesIn(value ?? '', suffix))) {
      // `localhost:8443`, say.
      if (!isVaultName(reference.vault)) continue;
      const key = `${reference.vault}/${reference.secret}`;
      const known = wanted.get(key);
      if (known) known.references.push(reference);
      else wanted.set(key, { from, references: [reference] });
    }
  }
  return [...wanted.values()].map(({ from, references }) => placeholderOf(from, references));
}

/** Settings that refer to something whose name no vault has, and so none of the emulator's. */
export function beyondVaults({ settings }: Source, suffix: string): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    referencesIn(value ?? '', suffix).every(({ vault }) => isVaultName(vault)) ? [] : [name],
  );
}

/** An identity for each that a reference or the process itself names: one that is not there would be refused. */
export function identitiesFor(
  sources: readonly Source[],
  suffix: string,
  own: IdentitySelector,
): readonly UserAssignedIdentityOptions[] {
  const named = sources
    .flatMap(({ settings }) => Object.values(settings))
    .flatMap((value) => referencesIn(value ?? '', suffix))
    .flatMap(({ identity }) => identity ?? []);
  const byText = new Map([own, ...named].map((identity) => [printIdentity(identity).toLowerCase(), identity]));
  return [...byText.values()].flatMap((identity) => {
    if (identity.kind === 'system') return [];
    if (identity.kind === 'client') return [{ clientId: identity.id }];
    const id = identity.kind === 'object' ? { objectId: identity.id } : { resourceId: identity.id };
    return [{ clientId: randomUUID(), ...id }];
  });
}

function referencesIn(value: string, suffix: string): SecretReference[] {
  const scan = scanValue(value, suffix);
  return scan.kind === 'segments' ? scan.segments.filter(isReference) : [];
}

function placeholderOf(from: string, references: readonly SecretReference[]): Placeholder {
  const [{ vault, secret } = { vault: '', secret: '' }] = references;
  const text = placeholderValue(vault, secret);
  const fields = references.flatMap(({ field }) => field ?? []);
  return {
    from,
    vault,
    secret,
    value: fields.length > 0 ? JSON.stringify(objectWith(fields, text)) : text,
    ...(references.some(({ format }) => format === 'pem') && { pem: 'self-signed' as const }),
    versions: [...new Set(references.flatMap(({ version }) => version ?? []))],
    newest: references.some(({ version }) => version === undefined),
  };
}

type Branch = Map<string, Branch | string>;

/** A JSON object in which each field (a name, or a pointer of RFC 6901) is there. */
function objectWith(fields: readonly string[], text: string): object {
  const root: Branch = new Map();
  for (const field of fields) {
    const path = field.startsWith('/')
      ? field
          .slice(1)
          .split('/')
          .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
      : [field];
    let branch = root;
    for (const step of path.slice(0, -1)) {
      const next = branch.get(step);
      const deeper: Branch = next instanceof Map ? next : new Map();
      branch.set(step, deeper);
      branch = deeper;
    }
    const last = path.at(-1) ?? '';
    if (!branch.has(last)) branch.set(last, `${text}-${path.join('-')}`);
  }
  return toObject(root);
}

function toObject(branch: Branch): object {
  // Not by assignment: a field may be called __proto__.
  return Object.fromEntries([...branch].map(([name, item]) => [name, item instanceof Map ? toObject(item) : item]));
}
