import { textOfFailure } from '../../support/errors.js';
import type { Failure } from '../../support/failure.js';
import { visible } from '../../support/visible.js';
import { grantForWriting } from '../../vault/writer.js';
import { paint } from '../support/terminal.js';
import { type Choice, isTaken } from './choose.js';
import type { Outcome } from './move.js';

export interface Row {
  readonly setting: string;
  readonly secret?: string;
  readonly state: 'skipped' | 'planned' | Outcome['kind'];
  readonly why: string;
  /** Of one that failed, as reports have it. */
  readonly status?: Failure['status'];
  readonly code?: Failure['code'];
  readonly details?: string;
  readonly hint?: string;
}

export function rowsOf(
  choices: readonly Choice[],
  outcomes: ReadonlyMap<string, Outcome>,
  vault: string,
): readonly Row[] {
  return choices.map((choice) => {
    const { setting, why } = choice;
    if (!isTaken(choice)) return { setting, state: 'skipped', why };
    const outcome = outcomes.get(setting);
    const row = { setting, secret: choice.secret, state: outcome?.kind ?? 'planned', why } as const;
    if (outcome?.kind !== 'failed') return row;
    const { status, code, details } = outcome.failure;
    return { ...row, status, code, details, hint: hintOf(outcome.failure, vault) };
  });
}

function hintOf({ code, hint }: Failure, vault: string): string {
  return grantForWriting(vault, code) ?? hint;
}

const STYLES = {
  skipped: 'dim',
  planned: 'cyan',
  written: 'green',
  kept: 'green',
  conflict: 'red',
  differs: 'red',
  'not-tried': 'red',
  failed: 'red',
} as const;

/** Names and reasons, never a value. */
export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map(({ setting, secret = '-', state, why }) => [setting, secret, state, why].map(visible));
  const head = ['setting', 'secret', 'state', 'why'];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join('  ');
  const body = cells.map((row, index) => paint(process.stdout, STYLES[rows[index]?.state ?? 'skipped'], line(row)));
  return `${[paint(process.stdout, 'bold', line(head)), ...body].join('\n')}\n`;
}

/** What went wrong with one, and what to do next. */
export function explain(outcome: Outcome, vault: string): { message: string; hint?: string } | undefined {
  switch (outcome.kind) {
    case 'failed':
      return { message: textOfFailure(outcome.failure), hint: hintOf(outcome.failure, vault) };
    case 'conflict':
      return {
        message: `vault '${vault}' has a secret of that name with another value. Nothing was changed.`,
        hint: 'Give it another name with --prefix, or the secret a new version with --overwrite.',
      };
    case 'differs':
      return {
        message: `vault '${vault}' gave another value back than was written. The file still holds its own.`,
        hint: 'Does somebody else write this secret? Run this again.',
      };
    case 'not-tried':
      return { message: 'was not tried after the failure before.', hint: 'Run this again when the vault answers.' };
    default:
      return undefined;
  }
}
