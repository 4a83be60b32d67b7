import { parseReference } from '../../../settings/reference.js';

/** The scanner says which key is wrong; this finds where it stands. */
export function offendingPart(value: string, problem: string, suffix: string): readonly [number, number] {
  const starts = /(?<!@)@(Microsoft\.)?KeyVault\(/gi;
  for (const match of value.matchAll(starts)) {
    const open = match.index + match[0].length;
    const close = value.indexOf(')', open);
    if (close < 0) return [match.index, value.length];
    const marker = match[1] ? '@Microsoft.KeyVault' : '@KeyVault';
    const parsed = parseReference(marker, value.slice(open, close), suffix);
    if (!('problem' in parsed) || parsed.problem !== problem) continue;
    let at = open;
    const parts = value
      .slice(open, close)
      .split(';')
      .map((text) => {
        const part = { text, from: at, to: at + text.length };
        at += text.length + 1;
        return part;
      });
    const isUnknown = / is not known\.$/.test(problem) && !problem.startsWith('Encode');
    const offending = isUnknown
      ? parts.find(({ text }) => isUnknownKey(marker, text))
      : parts.findLast(({ text }) => {
          const key = text.split('=', 1)[0]?.trim().toLowerCase();
          return (
            key !== undefined &&
            key !== '' &&
            problem
              .toLowerCase()
              .split(/[^a-z]+/)
              .includes(key)
          );
        });
    return offending ? [offending.from, offending.to] : [match.index, close + 1];
  }
  return [0, value.length];
}

function isUnknownKey(marker: '@KeyVault' | '@Microsoft.KeyVault', part: string): boolean {
  const parsed = parseReference(marker, part);
  return 'problem' in parsed && / is not known\.$/.test(parsed.problem) && !parsed.problem.startsWith('Encode');
}
