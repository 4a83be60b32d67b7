import { parseEnv } from 'node:util';
import type { Entry } from './settings-file.js';

const NAME = /[ \t]*(export[ \t]+)?([^\s=#"'`][^\s=]*)[ \t]*=[ \t]*/y;

/**
 * The settings of a .env file. What a value is says Node's own parser, as it does at run time; this finds where it
 * stands. A place counts only when another value there changes that setting and nothing else.
 */
export function readEnvEntries(text: string): readonly Entry[] {
  const values = parseEnv(text) as Readonly<Record<string, string>>;
  return placesIn(text).map((place) => ({
    ...place,
    value: isItsPlace(place, text, values) ? values[place.name] : undefined,
  }));
}

type Place = Omit<Entry, 'value'>;

function placesIn(text: string): Place[] {
  const places: Place[] = [];
  for (let position = 0; position < text.length; ) {
    NAME.lastIndex = position;
    const match = NAME.exec(text);
    if (match?.[2]) {
      const start = NAME.lastIndex;
      const { end, quote } = valueAt(text, start);
      // With `export` it is a file for shells, to which the parentheses of a reference mean something.
      const mark = quote || (match[1] ? "'" : '');
      places.push({ name: match[2], start, end, write: (value) => `${mark}${value}${mark}` });
      position = end;
    }
    const lineEnd = text.indexOf('\n', position);
    position = lineEnd < 0 ? text.length : lineEnd + 1;
  }
  return places;
}

function valueAt(text: string, start: number): { end: number; quote: string } {
  const quote = text[start] ?? '';
  const close = `"'\``.includes(quote) && quote !== '' ? text.indexOf(quote, start + 1) : -1;
  if (close > 0) return { end: close + 1, quote };
  const [line = ''] = text.slice(start).split(/[#\r\n]/, 1);
  return { end: start + line.trimEnd().length, quote: '' };
}

const PROBE = '@KeyVault(VaultName=probe;SecretName=probe)';

function isItsPlace(
  { name, start, end, write }: Place,
  text: string,
  values: Readonly<Record<string, string>>,
): boolean {
  const changed = parseEnv(text.slice(0, start) + write(PROBE) + text.slice(end)) as typeof values;
  const names = Object.keys(changed);
  return (
    names.length === Object.keys(values).length &&
    names.every((other) => changed[other] === (other === name ? PROBE : values[other]))
  );
}
