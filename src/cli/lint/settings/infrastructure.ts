import type { Source, Span } from '../finding.js';
import { isProse, locator, type Setting, type SettingsFile } from './setting.js';

/** What Bicep and Terraform have in common, as far as settings go: words, texts and braces. */
interface Language {
  readonly token: RegExp;
  readonly escape: RegExp;
}

// Comments; multi-line text (not looked into); text, in which `${...}` may hold text again, once; words; punctuation.
// What is not closed goes on to the end, of the file or the line: else each of many that open would be looked for there.
const BICEP: Language = {
  token:
    /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'''[\s\S]*?(?:'''|$)|'((?:\\.|\$\{(?:'(?:\\.|[^'\\\n])*'|[^'{}\n])*\}|\$(?!\{)|[^'\\\n$])*)'|'[^\n]*|([\w$.-]+)|([{}[\]:=,])/g,
  escape: /\\(?:u\{[0-9a-f]+\}|.)/iy,
};
const TERRAFORM: Language = {
  token:
    /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|<<-?(\w+)\b[\s\S]*?(?:\n[^\S\n]*\1\b|$)|"((?:\\.|\$\$(?=\{)\{|\$\{(?:"(?:\\.|[^"\\\n])*"|[^"{}\n])*\}|\$(?!\{)|[^"\\\n$])*)"|"[^\n]*|([\w.-]+)|([{}[\]:=,])/g,
  escape: /\\(?:u[0-9a-f]{4}|.)|\$\$(?=\{)/iy,
};

interface Text {
  readonly value: string;
  readonly raw: string;
  readonly isPartial: boolean;
  readonly span: Span;
}

/** `KEY: 'text'` and `{ name: 'KEY', value: 'text' }` of a Bicep file. */
export function readBicep(source: Source): SettingsFile {
  return read(source, BICEP, 1);
}

/** `KEY = "text"` of a Terraform file. */
export function readTerraform(source: Source): SettingsFile {
  return read(source, TERRAFORM, 2);
}

function read(source: Source, language: Language, textGroup: 1 | 2): SettingsFile {
  const settings: Setting[] = [];
  const objects: { name?: Text; value?: Text }[] = [{}];
  let key: Text | undefined;
  let previous: Text | undefined;
  const setting = (name: Text, text: Text): Setting => ({
    name: name.value,
    value: text.value,
    isPartial: text.isPartial,
    nameAt: name.span,
    at: text.isPartial ? () => text.span : locator(text.raw, text.span.start + 1, language.escape),
  });
  const closeObject = () => {
    const object = objects.pop();
    if (object?.name && object.value) settings.push(setting(object.name, object.value));
    if (objects.length === 0) objects.push({});
  };
  for (const match of source.text.matchAll(language.token)) {
    const text = match[textGroup];
    const word = match[textGroup + 1];
    const punctuation = match[textGroup + 2];
    const span = { start: match.index, end: match.index + match[0].length };
    if (punctuation === ':' || punctuation === '=') {
      key = previous;
      previous = undefined;
      continue;
    }
    if (punctuation) {
      if (punctuation === '{') objects.push({});
      else if (punctuation === '}') closeObject();
      key = undefined;
      previous = undefined;
      continue;
    }
    if (text === undefined && word === undefined) continue;
    const token = text === undefined ? { value: word ?? '', raw: '', isPartial: true, span } : textOf(text, span);
    const object = objects.at(-1);
    if (key && object && /^(name|value)$/i.test(key.value)) object[key.value.toLowerCase() as 'name' | 'value'] = token;
    // A computed name is no name, a computed value only as far as it is written out.
    else if (key && text !== undefined && !key.value.includes('$') && !isProse(key.value))
      settings.push(setting(key, token));
    key = undefined;
    previous = token;
  }
  return { source, kind: 'template', settings, findings: [] };
}

function textOf(raw: string, span: Span): Text {
  const isPartial = /(?<![\\$])\$\{/.test(raw);
  const value = raw
    .replace(/(?<![\\$])\$\{[^}]*\}/g, '')
    .replace(/\$\$(?=\{)/g, '$')
    .replace(/\\u\{?([0-9a-f]{1,6})\}?/gi, (_, hex: string) => toCharacter(hex))
    .replace(/\\(.)/g, (_, character: string) => ({ n: '\n', r: '\r', t: '\t' })[character] ?? character);
  return { value, raw, isPartial, span };
}

function toCharacter(hex: string): string {
  const point = Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '';
}
