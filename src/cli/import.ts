import { readVariable } from '../settings/environment.js';
import { type Choice, choose, isTaken, type Selection, signInsOf } from './import/choose.js';
import { withValues } from './import/entries.js';
import { hostReadsBeside } from './import/host-reads.js';
import { isSafe, moveToVault, type Outcome } from './import/move.js';
import { explain, renderTable, rowsOf } from './import/render.js';
import { checkReplaceable, readSettingsFile, readsAs, replaceFile, type SettingsFile } from './import/settings-file.js';
import { EXIT, UsageError } from './support/exit.js';
import { complain } from './support/terminal.js';
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
  if (options.yes && taken.length > 0) {
    checkReplaceable(file);
    outcomes = await moveToVault(vault, taken, { overwrite: options.overwrite ?? false });
    vault.close();
    const text = rewrite(file, vault, choices, (setting) => {
      const outcome = outcomes.get(setting);
      return outcome !== undefined && isSafe(outcome);
    });
    const refused = text === file.text ? undefined : replaceFile(file, text);
    if (refused) {
      complain(refused.problem, refused.hint);
      return EXIT.unresolved;
    }
  }
  print(file, vault, choices, outcomes, options);
  return [...outcomes.values()].every(isSafe) ? EXIT.done : EXIT.unresolved;
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
  { yes, json }: ImportOptions,
): void {
  const rows = rowsOf(choices, outcomes);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ file: file.path, vault, written: yes ?? false, settings: rows }, undefined, 2)}\n`,
    );
  } else process.stdout.write(renderTable(rows));
  for (const { setting, outcome } of choices.map(({ setting }) => ({ setting, outcome: outcomes.get(setting) }))) {
    const told = outcome && explain(outcome, vault);
    if (told) complain(`${setting}: ${told.message}`, told.hint);
  }
  for (const line of advice(file, vault, choices, outcomes, yes ?? false)) console.error(`vaultstrap: ${line}`);
}

const isEmulated = (): boolean => Boolean(readVariable('VAULTSTRAP_VAULT_ENDPOINT'));

function advice(
  { path, entries }: SettingsFile,
  vault: string,
  choices: readonly Choice[],
  outcomes: ReadonlyMap<string, Outcome>,
  done: boolean,
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
  else if (!done) lines.push(`nothing was written. To move ${count} to vault '${vault}': the same command with --yes.`);
  else if (moved > 0) {
    lines.push(
      `${path} now holds ${moved} ${moved === 1 ? 'reference' : 'references'} in the place of values. Where it was shared or committed the values are known: ` +
        'make new ones, and write them with vaultstrap set.',
    );
  }
  return lines;
}
