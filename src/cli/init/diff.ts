import { createTwoFilesPatch } from 'diff';
import { MARKER } from '../../settings/scan.js';
import { paint, printable, type Stream } from '../support/terminal.js';
import type { Change } from './edit.js';

/** As git shows it. Of settings that are there nothing but what is new: what stands beside it may be a secret. */
export function renderDiff({ file, before, after }: Change, stream: Stream): string {
  const from = before === undefined ? '/dev/null' : `a/${file}`;
  const patch = createTwoFilesPatch(from, `b/${file}`, before ?? '', after, '', '', { context: 3 }).split('\n');
  const isQuiet = before !== undefined && /settings|\.env/.test(file);
  return patch
    .filter((line) => !/^=+$/.test(line))
    .filter((line) => !isQuiet || /^(---|\+\+\+)/.test(line) || MARKER.test(line))
    .map((line) => printable(line.replace(/[\t\r]+$/, '')))
    .map((line) => {
      if (/^(---|\+\+\+)/.test(line)) return paint(stream, 'bold', line);
      if (line.startsWith('+')) return paint(stream, 'green', line);
      if (line.startsWith('-')) return paint(stream, 'red', line);
      return line.startsWith('@@') ? paint(stream, 'cyan', line) : line;
    })
    .join('\n');
}
