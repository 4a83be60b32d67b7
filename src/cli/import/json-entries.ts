import { findNodeAtLocation, type Node, type ParseError, parseTree } from 'jsonc-parser';
import { UsageError } from '../support/exit.js';
import type { Entry } from './settings-file.js';

/** The `Values` of local.settings.json, which may hold comments. */
export function readJsonEntries(text: string, file: string): readonly Entry[] {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) {
    const line = text.slice(0, error.offset).split('\n').length;
    throw new UsageError(`${file} is not valid JSON (line ${line}).`);
  }
  if (root && findNodeAtLocation(root, ['IsEncrypted'])?.value === true) {
    throw new UsageError(`${file} is encrypted.`, 'Run: func settings decrypt');
  }
  const values = root && findNodeAtLocation(root, ['Values']);
  if (values?.type !== 'object') {
    throw new UsageError(`${file} has no "Values".`, 'It is read as the local.settings.json of Azure Functions.');
  }
  return (values.children ?? []).flatMap(entryOf);
}

function entryOf({ children: [key, value] = [] }: Node): Entry[] {
  if (!key || !value) return [];
  return [
    {
      name: String(key.value),
      value: value.type === 'string' ? String(value.value) : undefined,
      start: value.offset,
      end: value.offset + value.length,
      write: (text) => JSON.stringify(text),
    },
  ];
}
