import { expand } from 'dotenv-expand';

const OPERATOR = /:\+|\+|:-|-/;
// The braced form of dotenv-expand 13, which alone makes a template.
const BRACED = /(?<!\\)\$\{([^{}]+)\}/g;

/** The names that `${NAME}`, `${NAME:-default}` and their kin mention, each once. */
export function mentionsOf(text: string): readonly string[] {
  if (!text.includes('${')) return [];
  const names = new Set<string>();
  for (const [, expression = ''] of text.matchAll(BRACED)) {
    names.add(expression.split(OPERATOR, 1)[0] ?? '');
  }
  return [...names];
}

/** Part of a template: text with `${NAME}` in it, or a value that stands for itself. */
export type TemplatePart = string | { readonly value: string };

/**
 * Expands a template with dotenv-expand, which never sees a value: every mentioned
 * variable is given as an opaque placeholder and swapped in afterwards. dotenv-expand
 * 12 and 13 mangle `$` in values, and 1000.0.0 executes `$(command)` found in them.
 *
 * `lookup` gives the value of a mentioned name; `undefined` (or an empty text, as in a
 * shell) makes `${NAME:-default}` use its default.
 */
export function expandTemplate(parts: readonly TemplatePart[], lookup: (name: string) => string | undefined): string {
  const nonce = globalThis.crypto.randomUUID();
  const values: string[] = [];
  const hold = (value: string) => placeholder(nonce, values.push(value) - 1);

  const text = parts.map((part) => (typeof part === 'string' ? part : hold(part.value))).join('');
  const variables: Record<string, string> = Object.create(null);
  for (const name of mentionsOf(text)) {
    const value = lookup(name);
    if (value) variables[name] = hold(value);
  }
  // The template's own key cannot be mentioned (a name has no space), and comes last:
  // dotenv-expand expands progressively. `processEnv: {}` keeps it away from the real one.
  const key = ' template';
  const expanded = expand({ parsed: { ...variables, [key]: text }, processEnv: {} }).parsed?.[key];
  return fillPlaceholders(expanded ?? text, nonce, values);
}

/** Private-use characters: no shell syntax touches them, and no name can swallow them. */
function placeholder(nonce: string, index: number): string {
  return `\uE000${nonce}:${index}\uE001`;
}

function fillPlaceholders(text: string, nonce: string, values: readonly string[]): string {
  const [head = '', ...rest] = text.split(`\uE000${nonce}:`);
  return rest.reduce((done, piece) => {
    const end = piece.indexOf('\uE001');
    return done + (values[Number(piece.slice(0, end))] ?? '') + piece.slice(end + 1);
  }, head);
}
