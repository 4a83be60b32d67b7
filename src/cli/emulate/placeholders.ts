import { randomUUID } from 'node:crypto';
import type { SecretReference } from '../../settings/reference.js';
import { isReference, scanValue } from '../../settings/scan.js';
import { groupBy } from '../../support/group-by.js';
import type { IdentitySelector } from '../../support/identity-selector.js';
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

/** A reference, and the setting that holds it. */
export interface Mention {
  readonly from: string;
  readonly setting: string;
  readonly reference: SecretReference;
}

/** All references of all settings, in order of appearance. */
export function mentionsIn(sources: readonly Source[], suffix: string): readonly Mention[] {
  return sources.flatMap(({ from, settings }) =>
    Object.entries(settings).flatMap(([setting, value]) => {
      const scan = scanValue(value ?? '', suffix);
      const references = scan.kind === 'segments' ? scan.segments.filter(isReference) : [];
      return references.map((reference) => ({ from, setting, reference }));
    }),
  );
}

export const placeholderValue = (vault: string, secret: string): string => `emulated-${vault}-${secret}`;

/** One for every secret of a vault that a setting refers to, in order of appearance. */
export function placeholdersFor(mentions: readonly Mention[]): readonly Placeholder[] {
  // `localhost:8443`, say, is none.
  const ofVaults = mentions.filter(({ reference }) => isVaultName(reference.vault));
  const wanted = groupBy(ofVaults, ({ reference }) => `${reference.vault}/${reference.secret}`);
  return [...wanted.values()].flatMap(([first, ...others]) => (first ? placeholderOf(first, others) : []));
}

/** Settings that refer to something whose name no vault has, and so none of the emulator's; each with its place. */
export function beyondVaults(mentions: readonly Mention[]): ReadonlySet<string> {
  const beyond = mentions.filter(({ reference }) => !isVaultName(reference.vault));
  return new Set(beyond.map(({ from, setting }) => `${setting} of ${from}`));
}

/** An identity for each that a reference or the process itself names: one that is not there would be refused. */
export function identitiesFor(
  mentions: readonly Mention[],
  own: IdentitySelector,
): readonly UserAssignedIdentityOptions[] {
  const named = [own, ...mentions.flatMap(({ reference }) => reference.identity ?? [])];
  // Both a client id and an object id is none: one of the two is a mistake, and its reference is refused, as by Azure.
  const byId = new Map(named.flatMap((one) => (one.kind === 'system' ? [] : [[one.id.toLowerCase(), one] as const])));
  return [...byId.values()].map(({ kind, id }) => {
    if (kind === 'client') return { clientId: id };
    return { clientId: randomUUID(), ...(kind === 'object' ? { objectId: id } : { resourceId: id }) };
  });
}

function placeholderOf(first: Mention, others: readonly Mention[]): Placeholder {
  const references = [first, ...others].map(({ reference }) => reference);
  const { vault, secret } = first.reference;
  const text = placeholderValue(vault, secret);
  const fields = references.flatMap(({ field }) => field ?? []);
  return {
    from: first.from,
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
