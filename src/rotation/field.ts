import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';

/** A number as it was written: `JSON.parse` loses the digits of 12345678901234567890. */
class WrittenNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * One member of a JSON secret, as text: a top-level name, or an RFC 6901 pointer. Own members
 * only; objects, arrays and null are refused. Messages never quote the secret (V8's would).
 */
export function selectField(json: string, field: string): Result<string> {
  let node: unknown;
  try {
    node = JSON.parse(json, (_key, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' ? new WrittenNumber(context?.source ?? String(value)) : value,
    );
  } catch {
    return fail(problem('the secret is not JSON, so Field cannot be taken from it.'));
  }
  const path = field.startsWith('/') ? field.slice(1).split('/').map(unescapePointer) : [field];
  for (const name of path) {
    if (typeof node !== 'object' || node === null || node instanceof WrittenNumber || !Object.hasOwn(node, name)) {
      return fail(problem(`the secret has no member ${JSON.stringify(field)}.`));
    }
    // All else that a JSON array owns is its elements.
    if (Array.isArray(node) && name === 'length') {
      return fail(problem(`${JSON.stringify(field)} does not lead to an element of an array.`));
    }
    node = (node as Record<string, unknown>)[name];
  }
  if (typeof node === 'string') return succeed(node);
  if (node instanceof WrittenNumber) return succeed(node.source);
  if (typeof node === 'boolean') return succeed(String(node));
  return fail(problem(`member ${JSON.stringify(field)} is not a string, a number or a boolean.`));
}

function unescapePointer(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function problem(details: string): Failure {
  return fact(
    'OtherReasons',
    'ERR_FIELD',
    details,
    'Field takes one string, number or boolean out of a JSON object: a top-level name, or a pointer such as /db/password.',
  );
}
