import { findNodeAtLocation, type Node } from 'jsonc-parser';
import type { Mistake, Span } from '../../support/files.js';
import { readJsonTree, spanOf } from '../../support/json-tree.js';
import { type LocalSetting, readLocalSettings, readSettingsList } from '../../support/local-settings.js';
import { type Finding, finding, type Source } from '../finding.js';
import { isProse, locator, type Setting, type SettingsFile, wholly } from './setting.js';

const JSON_ESCAPE = /\\(?:u[0-9a-f]{4}|.)/iy;

/** A tree with positions, and what is wrong with the text. */
export function readJson(source: Source): { tree: Node | undefined; findings: readonly Finding[] } {
  const { root, mistake } = readJsonTree(source.text);
  return { tree: root, findings: mistake ? [unreadable(source, mistake)] : [] };
}

function unreadable(source: Source, { at, length = 1, what }: Mistake & { length?: number }): Finding {
  const span = { start: at, end: at + Math.max(1, length) };
  return finding(source, span, ['unreadable-file', 'error'], `${what}.`, 'Mend it here; the rest was not looked at.');
}

/** local.settings.json. https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file */
export function readLocalSettingsFile(source: Source): SettingsFile {
  const { settings, mistake, encryptedAt } = readLocalSettings(source.text);
  const findings: Finding[] = [];
  if (mistake) findings.push(unreadable(source, mistake));
  if (encryptedAt) {
    const message = 'the file is encrypted and was not looked at.';
    const hint = 'Run "func settings decrypt" first.';
    findings.push(finding(source, encryptedAt, ['unreadable-file', 'info'], message, hint));
  }
  for (const { name, value, isText, at } of settings) {
    if (isText) continue;
    const [severity, message] =
      value === undefined
        ? (['error', `${name} is no text: Core Tools then reads no settings from this file at all.`] as const)
        : (['warning', `${name} is no text: versions of Core Tools differ in what they make of it.`] as const);
    const hint = 'Put the value into quotation marks.';
    findings.push(finding(source, at, ['unreadable-file', severity], message, hint));
  }
  return { source, kind: 'local', settings: wholeSettings(source, settings), findings };
}

function wholeSettings(source: Source, settings: readonly LocalSetting[]): readonly Setting[] {
  return settings.flatMap(({ name, value, isText, nameAt, at }) =>
    value === undefined
      ? []
      : [{ name, value, isPartial: false, nameAt, at: isText ? locatorOf(source, at) : wholly(at) }],
  );
}

/** ARM's `[parameters('name')]`, `[concat(...)]`, and not a list in JSON. */
const COMPUTED = /^\[\w[\w.]*\s*\(/;

/** ARM templates and their parameters; and lists as `az webapp config appsettings list` prints them. */
export function readTemplateJson(source: Source): SettingsFile {
  const { tree, findings } = readJson(source);
  const list = tree?.type === 'array' ? readSettingsList(tree, source.text) : undefined;
  // All that an app has, as in its local.settings.json; but those of a template are computed when it is deployed.
  if (list && !list.mistake && !list.settings.some(({ value }) => COMPUTED.test(value ?? '')))
    return { source, kind: 'list', settings: wholeSettings(source, list.settings), findings };
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

function settingOf(source: Source, name: Node, value: Node): Setting {
  const written = String(value.value);
  // `[concat(...)]` is computed when it is deployed; `[[` is a literal bracket.
  const isExpression = /^\[(?!\[)[\s\S]*\]$/.test(written);
  return {
    name: String(name.value),
    value: isExpression ? '' : written,
    isPartial: isExpression,
    nameAt: spanOf(name),
    at: locatorOf(source, spanOf(value)),
  };
}

/** In the text between quotes. */
function locatorOf({ text }: Source, { start, end }: Span): Setting['at'] {
  return locator(text.slice(start + 1, end - 1), start + 1, JSON_ESCAPE);
}
