import { visible } from '../../../support/visible.js';
import { many, paint, type Stream } from '../../support/terminal.js';
import type { Finding } from '../finding.js';
import type { Outcome } from '../lint-files.js';
import type { Severity } from '../rules.js';

const STYLE = { error: 'red', warning: 'yellow', info: 'cyan' } as const;

/** For people: by file, with the remedy below each finding, or below the last of several with the same. */
export function renderText(outcome: Outcome, stream: Stream): string {
  const blocks = [...Map.groupBy(outcome.findings, ({ file }) => file)].map(([file, findings]) =>
    [
      paint(stream, 'underline', visible(file)),
      ...findings.flatMap((one, at) => {
        const remedy = `      ${paint(stream, 'dim', visible(one.hint))}`;
        return findings[at + 1]?.hint === one.hint ? [render(one, stream)] : [render(one, stream), remedy];
      }),
      '',
    ].join('\n'),
  );
  return `${[...blocks, summary(outcome)].join('\n')}\n`;
}

function render({ line, column, severity, rule, message }: Finding, stream: Stream): string {
  const place = paint(stream, 'dim', `${line}:${column}`);
  return `  ${place}  ${paint(stream, STYLE[severity], severity)}  ${visible(message)}  ${paint(stream, 'dim', rule)}`;
}

/** "3 files, 12 references, no findings." */
export function summary({ findings, files, references }: Outcome): string {
  if (files === 0) return 'Nothing to look at: no settings, templates or package.json here.';
  const number = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  const found = [
    many(number('error'), 'error'),
    many(number('warning'), 'warning'),
    many(number('info'), 'note'),
  ].filter((text) => !text.startsWith('0 '));
  return `${many(files, 'file')}, ${many(references, 'reference')}, ${found.length > 0 ? found.join(', ') : 'no findings'}.`;
}
