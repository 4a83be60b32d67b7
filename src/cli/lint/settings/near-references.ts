import { beginsIn, HOW_IT_BEGINS, STAYS_TEXT } from '../../../settings/near-reference.js';
import { parseReference } from '../../../settings/reference.js';
import { isQuoted, KEEPS_QUOTES, TAKE_QUOTES_OUT } from '../../support/quoted-reference.js';
import { type Finding, finding } from '../finding.js';
import type { Setting, SettingsFile } from './setting.js';

/** What was meant as a reference, and stays text without a word when it runs. */
export function checkNearReferences(file: SettingsFile, { name, value, at }: Setting): readonly Finding[] {
  // Text of nobody we can name may be about references.
  if (name === '') return [];
  const findings: Finding[] = [];
  if (isQuoted(value)) {
    const span = at(0, value.length);
    findings.push(
      finding(file.source, span, ['reference-syntax', 'warning'], `${name}: ${KEEPS_QUOTES}`, TAKE_QUOTES_OUT),
    );
  }
  for (const { start, end, marker, inside, isNear } of beginsIn(value)) {
    if (isNear) {
      const message = `${name}: ${STAYS_TEXT}`;
      findings.push(finding(file.source, at(start, end), ['reference-syntax', 'error'], message, HOW_IT_BEGINS));
    }
    if (marker?.[1] && marker[2] === '@@' && isReferenceTo(inside)) {
      findings.push(
        finding(
          file.source,
          at(start - marker[0].length + 1, end),
          ['reference-syntax', 'warning'],
          `${name}: "@@" makes a literal of the reference, which stays text.`,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is to be written.
          'Where an "@" has to stand before it, put the reference into a setting of its own, and mention that: app@${DB_HOST}.',
        ),
      );
    }
  }
  return findings;
}

function isReferenceTo(inside: string): boolean {
  const close = inside.indexOf(')');
  return close > 0 && 'reference' in parseReference('@KeyVault', inside.slice(0, close));
}
