import type { Node } from 'jsonc-parser';
import { UsageError } from './exit.js';
import { lineAt, type Mistake, type Span } from './files.js';
import { type JsonTree, memberOf, membersOf, readJsonTree, spanOf } from './json-tree.js';

/** A setting of local.settings.json, and where it stands. */
export interface LocalSetting {
  readonly name: string;
  /** As a variable of the environment; `undefined` for an object or a list. */
  readonly value: string | undefined;
  /** Whether it is written as a text, in quotes. */
  readonly isText: boolean;
  readonly isConnection: boolean;
  readonly nameAt: Span;
  /** Of the value with its quotes. */
  readonly at: Span;
}

export interface LocalSettings {
  readonly settings: readonly LocalSetting[];
  readonly hasValues: boolean;
  /** Where it says so. */
  readonly encryptedAt?: Span;
  readonly mistake?: Mistake & { readonly length?: number };
}

/**
 * What `local.settings.json` makes of an environment, as Core Tools does: `Values` by name, connection strings as
 * `ConnectionStrings:{name}`, null left out, numbers and booleans as .NET prints them.
 * https://github.com/Azure/azure-functions-core-tools, `AppSettingsFile.cs`, `StartHostAction.cs`
 */
export function readLocalSettings(text: string): LocalSettings {
  return localSettingsIn(readJsonTree(text), text);
}

function localSettingsIn({ root, mistake }: JsonTree, text: string): LocalSettings {
  const none = { settings: [], hasValues: false };
  if (mistake) return { ...none, mistake };
  if (!membersOf(root)) return { ...none, mistake: { at: 0, what: 'this is not an object with "Values"' } };
  // Newtonsoft.Json, which Core Tools reads it with, takes the names of sections in any case.
  const sectionOf = (name: string) =>
    membersOf(root)?.findLast((member) => member.name.toLowerCase() === name.toLowerCase())?.value;
  const encrypted = sectionOf('IsEncrypted');
  if (encrypted?.value === true) return { ...none, encryptedAt: spanOf(encrypted) };
  const values = sectionOf('Values');
  const connections = sectionOf('ConnectionStrings');
  for (const [name, section] of Object.entries({ Values: values, ConnectionStrings: connections })) {
    if (section && section.type !== 'null' && !membersOf(section)) {
      return { ...none, mistake: { at: section.offset, what: `"${name}" is no object` } };
    }
  }
  return {
    hasValues: values?.type === 'object',
    settings: [
      ...(membersOf(values) ?? []).flatMap(({ name, key, value }) => settingOf(name, key, value, text)),
      ...(membersOf(connections) ?? []).flatMap(({ name, key, value }) =>
        settingOf(`ConnectionStrings:${name}`, key, memberOf(value, 'ConnectionString') ?? value, text, true),
      ),
    ],
  };
}

/**
 * `local.settings.json`, or app settings in a list, as `az webapp config appsettings list` and the portal's advanced edit
 * give them, and `az ... set --settings @file` takes them.
 */
export function readSettingsJson(text: string): LocalSettings {
  const tree = readJsonTree(text);
  return tree.root?.type === 'array' ? readSettingsList(tree.root, text) : localSettingsIn(tree, text);
}

export function readSettingsList({ children: items = [] }: Node, text: string): LocalSettings {
  const settings: LocalSetting[] = [];
  for (const item of items) {
    const [key, value] = [memberOf(item, 'name'), memberOf(item, 'value')];
    if (key?.type !== 'string' || !value) {
      const what = 'this is not an object with "name" and "value", as az lists app settings';
      return { settings: [], hasValues: false, mistake: { at: item.offset, what } };
    }
    settings.push(...settingOf(key.value, key, value, text));
  }
  return { hasValues: true, settings };
}

function settingOf(name: string, key: Node, value: Node, text: string, isConnection = false): readonly LocalSetting[] {
  if (name === '' || value.type === 'null') return [];
  const isText = value.type === 'string';
  return [{ name, value: scalar(value, text), isText, isConnection, nameAt: spanOf(key), at: spanOf(value) }];
}

/** App Service refuses more on Linux, and not even all of this on Windows; no environment has such a variable. */
export function isImpossibleName(name: string): boolean {
  return /[=\0]/.test(name);
}

/** @throws UsageError that names file and line, and quotes nothing but the name of a setting. */
export function parseLocalSettings(text: string, file: string): ReadonlyMap<string, string> {
  const wrong = (at: number, what: string, hint?: string) =>
    new UsageError(`${file}, line ${lineAt(text, at)}: ${what}.`, hint);
  const { settings, mistake, encryptedAt } = readSettingsJson(text);
  if (mistake) throw wrong(mistake.at, mistake.what, mistake.hint);
  if (encryptedAt) throw encryptedFile(file);
  return new Map(
    settings.map(({ name, value, at }) => {
      if (value === undefined) throw wrong(at.start, `the value of ${JSON.stringify(name)} is no text`, 'Quote it.');
      if (isImpossibleName(name) || value.includes('\0')) {
        throw wrong(at.start, `${JSON.stringify(name)} cannot be an environment variable`);
      }
      return [name, value];
    }),
  );
}

export function encryptedFile(file: string): UsageError {
  return new UsageError(`${file} is encrypted.`, 'Decrypt it with: func settings decrypt');
}

function scalar(node: Node, text: string): string | undefined {
  if (node.type === 'string') return String(node.value);
  if (node.type === 'boolean') return node.value ? 'True' : 'False';
  if (node.type === 'number') return text.slice(node.offset, node.offset + node.length);
  return undefined;
}
