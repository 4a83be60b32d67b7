import { expand } from 'dotenv-expand';
import { randomWord } from '../support/random.js';
import { CLOSE, DOLLAR, OPEN } from './mentions.js';

/** Part of a template: text with `${NAME}` in it, or a value that stands for itself. */
export type TemplatePart = string | { readonly value: string };

/**
 * Expands a template with dotenv-expand, which never sees a value: every mentioned
 * variable is given as an opaque placeholder and swapped in afterwards. dotenv-expand
 * 12 and 13 mangle `$` in values, and 1000.0.0 executes `$(command)` found in them.
 *
 * It never sees a name or another `$` either: it finds `constructor` and `__proto__` in
 * every object, splits names at "null", and goes on for ever about `${NAME:-$&}`.
 *
 * `lookup` gives the value of a mentioned name; `undefined` (or an empty text, as in a
 * shell) makes `${NAME:-default}` use its default.
 */
export function expandTemplate(parts: readonly TemplatePart[], lookup: (name: string) => string | undefined): string {
  // Without "n": dotenv-expand splits a name that has no operator at "null".
  const nonce = randomWord().replaceAll(/[-n]/g, '');
  const values: string[] = [];
  const hold = (value: string) => `${OPEN}${nonce}.${values.push(value) - 1}${CLOSE}`;

  const variables: Record<string, string> = Object.create(null);
  const aliases = new Map<string, string>();
  const aliasOf = (name: string): string => {
    const known = aliases.get(name);
    if (known) return known;
    // Filled with the name again where braces are not closed.
    const alias = hold(name);
    const value = lookup(name);
    variables[alias] = value ? hold(value) : '';
    aliases.set(name, alias);
    return alias;
  };
  const text = parts
    .map((part) => (typeof part === 'string' ? part : hold(part.value)))
    .join('')
    .replace(DOLLAR, (_dollar, inBraces?: string, bare?: string) => {
      if (inBraces) return `\${${aliasOf(inBraces)}`;
      return bare ? `\${${aliasOf(bare)}}` : hold('$');
    });
  return fillPlaceholders(
    eachInBraces(text, (expression) => expandOne(expression, variables)),
    nonce,
    values,
  );
}

/** `${NAME}`, or the same with an operator. Of all variables only the one that it mentions is shown: they are copied. */
function expandOne(expression: string, variables: Readonly<Record<string, string>>): string {
  const alias = expression.slice(2, expression.indexOf(CLOSE) + 1);
  const key = 'template';
  const processEnv = { [alias]: variables[alias] ?? '' };
  return expand({ parsed: { [key]: expression }, processEnv }).parsed?.[key] ?? expression;
}

/**
 * What stands in braces, from the inside outwards, each by itself. Given a whole text, dotenv-expand begins anew after
 * each replacement and keeps every intermediate text: 8,000 mentions take all the memory there is.
 */
function eachInBraces(text: string, expandOne: (expression: string) => string): string {
  // What stands before each open `${`, the innermost last; the last entry is what comes behind it.
  const open: string[] = [''];
  const add = (piece: string) => {
    open[open.length - 1] += piece;
  };
  for (const piece of text.split(/(\$\{|[{}])/)) {
    if (piece === '${') {
      open.push('');
    } else if (piece === '}' && open.length > 1) {
      add(expandOne(`\${${open.pop()}}`));
    } else {
      // A brace that belongs to no mention stays, and so do the mentions around it: dotenv-expand need not look at them.
      while (piece === '{' && open.length > 1) add(`\${${open.pop()}`);
      add(piece);
    }
  }
  return open.join('${');
}

function fillPlaceholders(text: string, nonce: string, values: readonly string[]): string {
  const [head = '', ...rest] = text.split(`${OPEN}${nonce}.`);
  return rest.reduce((done, piece) => {
    const end = piece.indexOf(CLOSE);
    return done + (values[Number(piece.slice(0, end))] ?? '') + piece.slice(end + 1);
  }, head);
}
