import { readVariable } from '../settings/environment.js';
import { printJson } from '../support/json.js';
import { type Choice, choose, isTaken, type Selection, signInsOf } from './import/choose.js';
import { withValues } from './import/entries.js';
import { hostReadsBeside } from './import/host-reads.js';
import { isSafe, moveToVault, type Outcome } from './import/move.js';
import { explain, renderTable, rowsOf } from './import/render.js';
import { checkReplaceable, readSettingsFile, readsAs, replaceFile, type SettingsFile } from './import/settings-file.js';
import { EXIT, UsageError } from './support/exit.js';
import { showProgress } from './support/progress.js';
import { complain, many, tell } from './support/terminal.js';
import { openVault, referenceTo, type VaultSession } from './support/vault-session.js';

export interface ImportOptions extends Selection {
  readonly vault: string;
  readonly yes?: true;
  readonly overwrite?: true;
  readonly identity?: string;
  readonly json?: true;
}

/** Moves plaintext settings into a vault. Without `yes` it only says what it would do, and asks nobody. */
export async function importSettings(path: string, options: ImportOptions): Promise<number> {
  const file = readSettingsFile(path);
  const vault = openVault(options.vault, options);
  // In a file of its own: lint has the same judgement.
  const { looksOf } = await import('./support/looks-secret.js');
  const looks = await looksOf(file.entries.map(({ name, value = '' }) => ({ name, value })));
  const choices = choose(file.entries, looks, options, await hostReadsBeside(path));
  const taken = choices.filter(isTaken);
  // Before anything is written anywhere: could the file be rewritten at all?
  rewrite(file, vault, choices, () => true);

  let outcomes: ReadonlyMap<string, Outcome> = new Map();
  let isRewritten = false;
  let refused: ReturnType<typeof replaceFile>;
  if (options.yes && taken.length > 0) {
    checkReplaceable(file);
    const hideProgress = showProgress(process.stderr, `Moving ${taken.length} to vault '${vault.vault}'`);
    outcomes = await moveToVault(vault, taken, { overwrite: options.overwrite ?? false });
    hideProgress();
    vault.close();
    const text = rewrite(file, vault, choices, (setting) => {
      const outcome = outcomes.get(setting);
      return outcome !== undefined && isSafe(outcome);
    });
    if (text !== file.text) refused = replaceFile(file, text);
    isRewritten = text !== file.text && refused === undefined;
  }
  print(file, vault, choices, outcomes, { json: options.json ?? false, isRewritten });
  if (refused) complain(refused.problem, refused.hint);
  else for (const line of advice(file, vault.vault, choices, outcomes, options.yes ?? false)) tell(line);
  return refused === undefined && [...outcomes.values()].every(isSafe) ? EXIT.done : EXIT.unresolved;
}

/** The file's text with references in the place of those values, and sure to read so. */
function rewrite(
  file: SettingsFile,
  { vault }: VaultSession,
  choices: readonly Choice[],
  wanted: (setting: string) => boolean,
): string {
  const moved = choices.filter(isTaken).filter(({ setting }) => wanted(setting));
  const references = new Map(moved.map(({ setting, secret }) => [setting, referenceTo(vault, secret)]));
  const text = withValues(file.text, file.entries, references);
  if (readsAs(file, text, references)) return text;
  throw new UsageError(`${file.path} cannot be rewritten with certainty; nothing was done.`);
}

function print(
  file: SettingsFile,
  { vault }: VaultSession,
  choices: readonly Choice[],
  outcomes: ReadonlyMap<string, Outcome>,
  { json, isRewritten }: { readonly json: boolean; readonly isRewritten: boolean },
): void {
  const rows = rowsOf(choices, outcomes, vault);
  if (json) {
    process.stdout.write(printJson({ file: file.path, vault, written: isRewritten, settings: rows }));
  } else process.stdout.write(renderTable(rows));
  const told = choices.flatMap(({ setting }) => {
    const outcome = outcomes.get(setting);
    const one = outcome && explain(outcome, vault);
    return one ? [{ ...one, message: `${setting}: ${one.message}` }] : [];
  });
  // A right that is missing is missing for all: its remedy is told once, below the last.
  for (const [at, { message, hint }] of told.entries()) {
    complain(message, told[at + 1]?.hint === hint ? undefined : hint);
  }
}

const isEmulated = (): boolean => Boolean(readVariable('VAULTSTRAP_VAULT_ENDPOINT'));

function advice(
  { path, entries }: SettingsFile,
  vault: string,
  choices: readonly Choice[],
  outcomes: ReadonlyMap<string, Outcome>,
  isAllowed: boolean,
): string[] {
  const lines: string[] = [];
  const [signIn] = signInsOf(entries);
  if (signIn) {
    lines.push(
      `${signIn} is the password of an identity of its own. Do not move it, do without it: give the app a managed ` +
        'identity and the role "Key Vault Secrets User", sign in with az login on your machine, and remove it here and in Entra ID.',
    );
  }
  const count = choices.filter(isTaken).length;
  if (count > 0 && isEmulated())
    lines.push('the vault is an emulated one (VAULTSTRAP_VAULT_ENDPOINT): what is moved there is gone when it ends.');
  const moved = [...outcomes.values()].filter(isSafe).length;
  if (count === 0) lines.push('there is nothing to move.');
  else if (!isAllowed)
    lines.push(`nothing was written. To move ${count} to vault '${vault}': the same command with --yes.`);
  else if (moved > 0) {
    lines.push(
      `${path} now holds ${many(moved, 'reference')} in the place of values. Where it was shared or committed the values are known: ` +
        'make new ones, and write them with npx vaultstrap set.',
    );
  }
  return lines;
}
