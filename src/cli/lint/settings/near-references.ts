import { parseReference } from '../../../settings/reference.js';
import { type Finding, finding } from '../finding.js';
import type { Setting, SettingsFile } from './setting.js';

/** How a reference may begin that is none. What stands before it is looked at afterwards, so that this is one pass. */
const BEGINS = /key[\s_-]?va[ul]{1,2}t?s?\s{0,9}[({[]/gi;
const KEYS = /(?:^|;)\s*(SecretUri|VaultName|SecretName)\s*=/i;

/** What was meant as a reference, and stays text without a word when it runs. */
export function checkNearReferences(file: SettingsFile, { name, value, at }: Setting): readonly Finding[] {
  // Text of nobody we can name may be about references.
  if (name === '') return [];
  const findings: Finding[] = [];
  for (const { 0: begin, index } of value.matchAll(BEGINS)) {
    const from = index + begin.length;
    const [before, inside] = [value.slice(Math.max(0, index - 16), index), value.slice(from, from + 2048)];
    const marker = /^keyvault\($/i.test(begin) ? /(\S?)(@@?)(Microsoft\.)?$/i.exec(before) : null;
    const [keys = ''] = inside.slice(0, 256).split(/[)}\]]/, 1);
    if (!marker && KEYS.test(keys)) {
      findings.push(
        finding(
          file.source,
          at(index, from),
          ['reference-syntax', 'error'],
          `${name}: this begins no reference, and stays text.`,
          'A reference begins with @KeyVault( or @Microsoft.KeyVault(.',
        ),
      );
    }
    if (marker?.[1] && marker[2] === '@@' && isReferenceTo(inside)) {
      findings.push(
        finding(
          file.source,
          at(index - marker[0].length + 1, from),
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
