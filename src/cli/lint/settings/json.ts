import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type Finding, finding, type Source } from '../finding.js';
import { isProse, locator, type Setting, type SettingsFile } from './setting.js';

const JSON_ESCAPE = /\\(?:u[0-9a-f]{4}|.)/iy;

/** A tree with positions, and what is wrong with the text. Comments and trailing commas are fine, as Core Tools has it. */
export function readJson(source: Source): { tree: Node | undefined; findings: readonly Finding[] } {
  const errors: ParseError[] = [];
  // A byte order mark is no error for those who read these files.
  const text = source.text.replace(/^\uFEFF/, ' ');
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (!first) return { tree, findings: [] };
  const at = { start: first.offset, end: first.offset + Math.max(1, first.length) };
  const what = printParseErrorCode(first.error);
  return {
    tree,
    findings: [
      finding(
        source,
        at,
        ['unreadable-file', 'error'],
        `is not JSON (${what}).`,
        'Mend it here; the rest was not looked at.',
      ),
    ],
  };
}

/** `Values` of local.settings.json. https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file */
export function readLocalSettings(source: Source): SettingsFile {
  const { tree, findings } = readJson(source);
  const settings: Setting[] = [];
  const more: Finding[] = [];
  if (tree && findings.length === 0) {
    const encrypted = findNodeAtLocation(tree, ['IsEncrypted']);
    if (encrypted?.value === true) {
      more.push(
        finding(
          source,
          spanOf(encrypted),
          ['unreadable-file', 'info'],
          'is encrypted and was not looked at.',
          'Run "func settings decrypt" first.',
        ),
      );
    } else {
      for (const property of findNodeAtLocation(tree, ['Values'])?.children ?? []) {
        const [name, value] = property.children ?? [];
        if (!name || !value) continue;
        if (value.type === 'string') settings.push(settingOf(source, name, value));
        else if (value.type !== 'null') {
          more.push(
            finding(
              source,
              spanOf(value),
              ['unreadable-file', 'error'],
              `${name.value} is no text: Core Tools reads no settings from a file with such a value.`,
              'Put the value into quotation marks.',
            ),
          );
        }
      }
    }
  }
  return { source, kind: 'local', settings, findings: [...findings, ...more] };
}

/** ARM templates and their parameters, and lists as `az webapp config appsettings list` prints them. */
export function readTemplateJson(source: Source): SettingsFile {
  const { tree, findings } = readJson(source);
  const settings: Setting[] = [];
  const named = new Set<Node>();
  const walk = (node: Node): void => {
    if (node.type === 'object') {
      const name = findNodeAtLocation(node, ['name']);
      const value = findNodeAtLocation(node, ['value']);
      if (name?.type === 'string' && value?.type === 'string') {
        named.add(value);
        settings.push(settingOf(source, name, value));
      }
    }
    if (node.type === 'property') {
      const [name, value] = node.children ?? [];
      if (name && value?.type === 'string' && !named.has(value) && !isProse(String(name.value)))
        settings.push(settingOf(source, name, value));
    }
    for (const child of node.children ?? []) walk(child);
  };
  if (tree && findings.length === 0) walk(tree);
  return { source, kind: 'template', settings, findings };
}

export function spanOf({ offset, length }: Node): { start: number; end: number } {
  return { start: offset, end: offset + length };
}

function settingOf({ text }: Source, name: Node, value: Node): Setting {
  const { start, end } = spanOf(value);
  const written = String(value.value);
  // `[concat(...)]` is computed when it is deployed; `[[` is a literal bracket.
  const isExpression = /^\[(?!\[)[\s\S]*\]$/.test(written);
  return {
    name: String(name.value),
    value: isExpression ? '' : written,
    isPartial: isExpression,
    nameAt: spanOf(name),
    at: locator(text.slice(start + 1, end - 1), start + 1, JSON_ESCAPE),
  };
}
