import { visible } from '../support/visible.js';
import { factsOf, inOrder, type Mood, moodOf, moodOfSetting, remarksOn, sourceOf } from './describe.js';
import type { Report, SettingReport } from './types.js';

export interface TextOptions {
  /** ANSI colours, for a terminal. Default false. */
  readonly color?: boolean;
  /** The time that ages and expiries count from. Default: now. */
  readonly nowMs?: number;
}

const COLORS: Readonly<Record<Mood, number>> = { good: 32, fair: 33, bad: 31 };

/** A report for people: a line for each setting, the worst first; no value. Ends with a line break. */
export function renderText(report: Report, { color = false, nowMs = Date.now() }: TextOptions = {}): string {
  const paint = (mood: Mood, text: string) => (color ? `\u001b[${COLORS[mood]}m${text}\u001b[0m` : text);
  const facts = factsOf(report).map(
    ({ label, at, text }) => `${label.padEnd(11)} ${visible([at, text].filter(Boolean).join(', '))}`,
  );
  const rows = inOrder(report);
  const nameWidth = Math.min(40, Math.max(0, ...rows.map(({ setting }) => visible(setting).length)));
  const statusWidth = Math.max(0, ...rows.map(({ status }) => status.length));
  const lines = rows.flatMap((row, at) => {
    const columns = [
      visible(row.setting).padEnd(nameWidth),
      paint(moodOfSetting(row, report), row.status.padEnd(statusWidth)),
      [visible(sourceOf(row)), ...remarksOn(row, nowMs).map(([text]) => text)].filter((text) => text !== '').join(', '),
    ];
    const more = moreOf(row);
    // Said once, below the last of those that have it in common.
    const isShared = at + 1 < rows.length && String(moreOf(rows[at + 1])) === String(more);
    return [
      columns.join('  ').trimEnd(),
      ...(isShared ? [] : more.map((text) => `${' '.repeat(nameWidth + 2)}${visible(text)}`)),
    ];
  });
  return `${[
    `${'Status'.padEnd(11)} ${paint(moodOf(report.status), report.status)}`,
    ...facts,
    ...(lines.length > 0 ? ['', ...lines] : []),
  ].join('\n')}\n`;
}

/** What happened, and the remedy. */
function moreOf({ details, code, hint }: Partial<SettingReport> = {}): readonly string[] {
  return [...(details ? [`${details}${code ? ` (${code})` : ''}`] : []), ...(hint ? [`Hint: ${hint}`] : [])];
}
