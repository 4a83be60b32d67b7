import { parseEnv } from 'node:util';
import type { Source } from '../finding.js';
import { locator, type Setting, type SettingsFile, wholly } from './setting.js';

const LINE = /^[^\S\n]*(?:export[^\S\n]+)?([^\s=#'"`]+)[^\S\n]*=[^\S\n]*(['"`]?)/gm;

/** A .env file, read by Node's own rules; the lines are looked up for their positions. */
export function readEnvFile(source: Source): SettingsFile {
  const { text } = source;
  const values = parseEnv(text.replace(/^\uFEFF/, ''));
  const settings: Setting[] = [];
  for (const match of text.matchAll(LINE)) {
    const [whole, name = '', quote = ''] = match;
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) continue;
    const nameStart = match.index + whole.indexOf(name);
    const start = match.index + whole.length;
    const lineEnd = text.indexOf('\n', start);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const isLiteral = text.startsWith(value, start);
    settings.push({
      name,
      value,
      isPartial: false,
      nameAt: { start: nameStart, end: nameStart + name.length },
      at: isLiteral ? locator(value, start) : wholly({ start: start - quote.length, end }),
    });
  }
  return { source, kind: 'env', settings, findings: [] };
}
