import { mentionsOf } from '../../settings/mentions.js';
import { isProtected } from '../../settings/names.js';
import { isMisspelt } from '../../settings/near-reference.js';
import { isReference, scanValue } from '../../settings/scan.js';
import { Secret } from '../../support/secret.js';
import { isSecretName, SECRET_NAME_RULE } from '../../support/vault-names.js';
import { UsageError } from '../support/exit.js';
import { isReadByHost, type Look } from '../support/looks-secret.js';
import { problemOfValue } from '../support/secret-value.js';
import type { Entry } from './entries.js';

export interface Selection {
  readonly all?: true;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly prefix?: string;
}

export interface Taken {
  readonly setting: string;
  readonly why: string;
  readonly secret: string;
  readonly value: Secret;
}

export interface Left {
  readonly setting: string;
  readonly why: string;
  /** However it is asked for. */
  readonly never: boolean;
}

export type Choice = Taken | Left;

export const isTaken = (choice: Choice): choice is Taken => 'secret' in choice;

/**
 * Which settings move, under which names, and why; `looks` are those of the entries.
 *
 * @param hostReads why the app's triggers and bindings keep a setting where it is
 */
export function choose(
  entries: readonly Entry[],
  looks: readonly (Look | undefined)[],
  selection: Selection,
  hostReads: (setting: string) => string | undefined = () => undefined,
): readonly Choice[] {
  if (!/^[0-9a-z-]{0,126}$/i.test(selection.prefix ?? '')) {
    throw new UsageError('--prefix cannot begin the name of a secret.', SECRET_NAME_RULE);
  }
  const often = new Map<string, number>();
  for (const { name } of entries) often.set(name, (often.get(name) ?? 0) + 1);
  for (const option of ['only', 'except'] as const) {
    const unknown = selection[option]?.find((name) => !often.has(name));
    if (unknown !== undefined) throw new UsageError(`--${option}: there is no setting '${unknown}' in the file.`);
  }
  const choices = entries.map((entry, index) => choiceOf(entry, looks[index], often, selection, hostReads(entry.name)));
  for (const choice of choices) {
    if (!isTaken(choice) && choice.never && selection.only?.includes(choice.setting)) {
      throw new UsageError(`${choice.setting} cannot be moved: ${choice.why}.`);
    }
  }
  refuseCollisions(choices.filter(isTaken));
  return choices;
}

function choiceOf(
  { name, value, isConnection }: Entry,
  look: Look | undefined,
  often: ReadonlyMap<string, number>,
  selection: Selection,
  readByHost: string | undefined,
): Choice {
  const leave = (why: string, never = true): Left => ({ setting: name, why, never });
  if ((often.get(name) ?? 0) > 1) return leave('stands there twice');
  if (isConnection) return leave("of ConnectionStrings, which are .NET's: for Node, put it into Values");
  if (value === undefined) return leave('not text, or not written so that all readers agree: put it into quotes');
  if (value === '') return leave('empty', false);
  const scan = scanValue(value);
  if (scan.kind === 'problem') return leave(`a malformed reference: ${scan.problem.replace(/\.$/, '')}`);
  if (scan.kind === 'segments' && scan.segments.some(isReference)) {
    return leave('holds a reference already', false);
  }
  if (isMisspelt(value)) return leave('a misspelt reference: one begins with @KeyVault( or @Microsoft.KeyVault(');
  if (SIGN_IN.has(name.toUpperCase())) return leave('a sign-in of its own: a managed identity needs none');
  if (isProtected(name)) return leave('steers the process or the platform, and is never a reference');
  if (isReadByHost(name)) return leave('read by the Functions host or the platform, which know no references of ours');
  if (readByHost) return leave(readByHost);
  // As the app sees it: a reference's text that was escaped in a setting is itself in a secret.
  const plain = scan.kind === 'segments' ? scan.segments.join('') : value;
  const problem = problemOfValue(plain);
  if (problem) return leave(problem.replace(/\.$/, ''));
  if (selection.except?.includes(name)) return leave('left out by --except', false);
  if (selection.only && !selection.only.includes(name)) return leave('not named by --only', false);
  // `$NAME` too: dotenv-expand, Next.js and Docker Compose expand it in a file, and nobody in a vault.
  const mentioned = mentionsOf([value]).all.find((other) => often.has(other));
  if (mentioned !== undefined && !selection.only) {
    return leave(`mentions ${mentioned}: in a vault that is only text`, false);
  }
  const why = selection.only ? 'named by --only' : (look?.why ?? (selection.all && 'taken by --all'));
  if (!why) return leave('does not look like a secret', false);
  const secret = secretNameOf(name, selection.prefix);
  if (secret === undefined) return leave('no name of a secret can be made of it');
  return { setting: name, why, secret, value: new Secret(plain) };
}

const SIGN_IN = new Set(['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PASSWORD', 'AZURE_PASSWORD']);

/** The sign-in of a service principal or a person, which moving would only hide. */
export const signInsOf = (entries: readonly Entry[]): readonly string[] =>
  entries.filter(({ name, value }) => SIGN_IN.has(name.toUpperCase()) && value).map(({ name }) => name);

/** Key Vault's names: 1 to 127 letters, digits and hyphens, in which case does not count. */
export function secretNameOf(setting: string, prefix = ''): string | undefined {
  const bare = setting
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const name = `${prefix.toLowerCase()}${bare}`;
  return bare !== '' && isSecretName(name) ? name : undefined;
}

function refuseCollisions(taken: readonly Taken[]): void {
  const bySecret = Map.groupBy(taken, ({ secret }) => secret);
  for (const [secret, several] of bySecret) {
    if (several.length < 2) continue;
    throw new UsageError(
      `${several.map(({ setting }) => setting).join(' and ')} would both become secret '${secret}'.`,
      'Leave one out with --except, and move it alone with --only and a --prefix.',
    );
  }
}
