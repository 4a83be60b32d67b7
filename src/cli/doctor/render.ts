import { printJson } from '../../support/json.js';
import { visible } from '../../support/visible.js';
import { paint, type Stream } from '../support/terminal.js';
import { type Finding, STEPS, type Step, type Verdict } from './finding.js';

const MARKS: Readonly<Record<Verdict, readonly [text: string, style: 'green' | 'yellow' | 'red' | 'dim']>> = {
  good: ['good', 'green'],
  warning: ['warning', 'yellow'],
  bad: ['bad', 'red'],
  unknown: ['unknown', 'dim'],
};
/** Of one step: more would hide what is not good. */
const MOST_GOOD = 10;
const WIDTH = Math.max(...Object.values(MARKS).map(([text]) => text.length));

/** For people: the steps in their order, each finding with its remedy below. Ends with a line break. */
export function renderFindings(findings: readonly Finding[], stream: Stream): string {
  const blocks = (Object.keys(STEPS) as Step[]).flatMap((step) => {
    const ofStep = findings.filter((one) => one.step === step);
    if (ofStep.length === 0) return [];
    const good = ofStep.filter(({ verdict }) => verdict === 'good');
    const untold = new Set(good.slice(MOST_GOOD));
    const told = ofStep.filter((one) => !untold.has(one)).flatMap((one) => linesOf(one, stream));
    const rest =
      untold.size > 0 ? [`  ${' '.repeat(WIDTH)}  and ${untold.size} more that are good (--json has all)`] : [];
    return [[paint(stream, 'bold', STEPS[step]), ...told, ...rest].join('\n')];
  });
  return `${[...blocks, summaryOf(findings)].join('\n\n')}\n`;
}

function linesOf({ verdict, about, text, remedy, more = [] }: Finding, stream: Stream): readonly string[] {
  const [mark, style] = MARKS[verdict];
  const what = visible(about ? `${about}: ${text}` : text);
  return [
    `  ${paint(stream, style, mark.padEnd(WIDTH))}  ${what}`,
    ...more.map((line) => `  ${' '.repeat(WIDTH)}  ${paint(stream, 'dim', visible(line))}`),
    ...(remedy ? [`  ${' '.repeat(WIDTH)}  ${visible(`Hint: ${remedy}`)}`] : []),
  ];
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((one) => one.verdict === verdict).length;
  const bad = count('bad');
  if (bad === 0) {
    const warnings = count('warning');
    return `Nothing is bad${warnings > 0 ? `; ${warnings} to think about` : ''}.`;
  }
  const first = findings.find(({ verdict }) => verdict === 'bad');
  return `${bad} bad. Begin with the first: what comes after it may only follow from it${first ? ` (${STEPS[first.step]})` : ''}.`;
}

/** For machines: `status` and the findings as they are. */
export function findingsAsJson(findings: readonly Finding[]): string {
  const status = findings.some(({ verdict }) => verdict === 'bad') ? 'bad' : 'good';
  return printJson({ status, findings: findings.map(({ more: _, ...finding }) => finding) });
}
