import { textOfFailure } from '../../support/errors.js';
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
}

export function rowsOf(choices: readonly Choice[], outcomes: ReadonlyMap<string, Outcome>): readonly Row[] {
  return choices.map((choice) => {
    const { setting, why } = choice;
    if (!isTaken(choice)) return { setting, state: 'skipped', why };
    return { setting, secret: choice.secret, state: outcomes.get(setting)?.kind ?? 'planned', why };
  });
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
    case 'failed': {
      const { failure } = outcome;
      return { message: textOfFailure(failure), hint: grantForWriting(vault, failure.code) ?? failure.hint };
    }
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
