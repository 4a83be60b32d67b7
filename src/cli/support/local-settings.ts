import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { UsageError } from './exit.js';
import { lineAt } from './files.js';

/**
 * What `local.settings.json` makes of an environment, as Core Tools does: `Values` by name, connection strings as
 * `ConnectionStrings:{name}`, null left out, numbers and booleans as .NET prints them.
 * https://github.com/Azure/azure-functions-core-tools, `AppSettingsFile.cs`, `StartHostAction.cs`
 *
 * @throws UsageError that names file and line, and quotes nothing but the name of a setting.
 */
export function parseLocalSettings(text: string, file: string): ReadonlyMap<string, string> {
  const mistake = (at: number, what: string, hint?: string) =>
    new UsageError(`${file}, line ${lineAt(text, at)}: ${what}.`, hint);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) throw mistake(first.offset, `this is not JSON (${printParseErrorCode(first.error)})`);
  const members = membersOf(root);
  if (!root || !members) throw mistake(0, 'this is not an object with "Values"');
  if (members.get('IsEncrypted')?.value === true) {
    throw new UsageError(`${file} is encrypted.`, 'Decrypt it with: func settings decrypt');
  }

  const settings = new Map<string, string>();
  const put = (name: string, node: Node | undefined) => {
    if (name === '' || !node || node.type === 'null') return;
    const value = scalar(node, text);
    if (value === undefined) throw mistake(node.offset, `the value of ${JSON.stringify(name)} is no text`, 'Quote it.');
    if (/[=\0]/.test(name) || value.includes('\0')) {
      throw mistake(node.offset, `${JSON.stringify(name)} cannot be an environment variable`);
    }
    settings.set(name, value);
  };
  for (const section of ['Values', 'ConnectionStrings']) {
    const node = members.get(section);
    const entries = membersOf(node);
    if (node && node.type !== 'null' && !entries) throw mistake(node.offset, `"${section}" is no object`);
    for (const [name, value] of entries ?? []) {
      if (section === 'Values') put(name, value);
      else put(`ConnectionStrings:${name}`, membersOf(value)?.get('ConnectionString') ?? value);
    }
  }
  return settings;
}

/** The last of a name counts. */
function membersOf(node: Node | undefined): ReadonlyMap<string, Node> | undefined {
  if (node?.type !== 'object') return undefined;
  return new Map(
    (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
      key && value ? [[String(key.value), value] as const] : [],
    ),
  );
}

function scalar(node: Node, text: string): string | undefined {
  if (node.type === 'string') return String(node.value);
  if (node.type === 'boolean') return node.value ? 'True' : 'False';
  if (node.type === 'number') return text.slice(node.offset, node.offset + node.length);
  return undefined;
}
