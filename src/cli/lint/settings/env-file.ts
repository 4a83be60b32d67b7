import { readDotenv } from '../../support/dotenv.js';
import { finding, type Source } from '../finding.js';
import { locator, type SettingsFile, wholly } from './setting.js';

/** A .env file, read as `run` reads it. */
export function readEnvFile(source: Source): SettingsFile {
  const { text } = source;
  const { assignments, mistake } = readDotenv(text);
  const settings = assignments.map(({ name, value, nameAt, at, quote }) => {
    const start = at.start + quote.length;
    const isLiteral = text.startsWith(value, start);
    return { name, value, isPartial: false, nameAt, at: isLiteral ? locator(value, start) : wholly(at) };
  });
  if (!mistake) return { source, kind: 'env', settings, findings: [] };
  const lineEnd = text.slice(mistake.at).search(/[\r\n]|$/);
  const span = { start: mistake.at, end: mistake.at + lineEnd };
  const message = `${mistake.what}; from here on nothing was looked at, and run refuses the file.`;
  return {
    source,
    kind: 'env',
    settings,
    findings: [finding(source, span, ['unreadable-file', 'error'], message, mistake.hint ?? '')],
  };
}
