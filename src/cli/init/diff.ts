import { createTwoFilesPatch } from 'diff';
import { paint, type Stream } from '../support/terminal.js';
import type { Change } from './edit.js';

/** As git shows it. Of settings no more than the new lines: what stands beside them may be a secret. */
export function renderDiff({ file, before, after }: Change, stream: Stream): string {
  const context = /settings|\.env/.test(file) ? 0 : 3;
  const from = before === undefined ? '/dev/null' : `a/${file}`;
  const patch = createTwoFilesPatch(from, `b/${file}`, before ?? '', after, '', '', { context });
  return patch
    .split('\n')
    .filter((line) => !/^=+$/.test(line))
    .map((line) => line.replace(/[\t\r]+$/, ''))
    .map((line) => {
      if (/^(---|\+\+\+)/.test(line)) return paint(stream, 'bold', line);
      if (line.startsWith('+')) return paint(stream, 'green', line);
      if (line.startsWith('-')) return paint(stream, 'red', line);
      return line.startsWith('@@') ? paint(stream, 'cyan', line) : line;
    })
    .join('\n');
}
