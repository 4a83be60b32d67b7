import { readFileSync } from 'node:fs';
import type { Report } from '../../report/types.js';
import type { Environment } from '../../settings/environment.js';
import { readProvenance } from '../../settings/provenance.js';
import type { Encoding } from '../../settings/reference.js';
import { isReference, scanValue } from '../../settings/scan.js';

/**
 * The texts that `--mask` conceals: values of resolved settings, and the secrets inside of longer ones, which error
 * messages show alone (`password authentication failed`).
 */
export function concealedTexts({ settings }: Report, env: Environment): readonly string[] {
  const pointers = readProvenance(env);
  const texts = new Set<string>();
  for (const { setting, usedDefault, file, unset } of settings) {
    const value = env[setting];
    const pointer = pointers.get(setting)?.pointer;
    if (value === undefined || unset) continue;
    const pieces = pointer === undefined ? [] : piecesOf(pointer);
    // A default stands in the settings, for everybody to read.
    if (usedDefault && pieces.length === 1) continue;
    // Where it stands in a file, that is the secret: its path may be seen.
    if (!file) texts.add(value);
    const encodings = pointer === undefined ? [] : encodingsIn(pointer);
    for (const secret of secretsIn(value, pieces)) {
      texts.add((file && contentOf(secret)) || secret);
      for (const encoding of encodings) texts.add(decoded(secret, encoding));
    }
  }
  return [...texts];
}

/** What programs take apart they show decoded: the password of a URL. */
function decoded(text: string, encoding: Encoding): string {
  try {
    if (encoding === 'uri') return decodeURIComponent(text);
    if (encoding === 'json') return JSON.parse(`"${text}"`);
    const plain = Buffer.from(text, 'base64').toString();
    if (Buffer.from(plain).toString('base64') === text) return plain;
  } catch {
    // Another reference's, which is not encoded.
  }
  return text;
}

function encodingsIn(pointer: string): readonly Encoding[] {
  const scan = scanValue(pointer);
  return scan.kind === 'segments' ? scan.segments.filter(isReference).flatMap(({ encode }) => encode ?? []) : [];
}

/** What `File=true` has put there; `undefined` when the text is no path of ours. */
function contentOf(text: string): string | undefined {
  if (!/[/\\]vaultstrap-\d+-\d+-\w{6}[/\\][^/\\]+$/.test(text)) return undefined;
  try {
    return readFileSync(text, 'utf8');
  } catch {
    return undefined;
  }
}

/** Literal text, a reference (`true`), or another setting in braces (`false`). */
type Piece = string | boolean;

function piecesOf(pointer: string): readonly Piece[] {
  const scan = scanValue(pointer);
  const segments = scan.kind === 'segments' ? scan.segments : [pointer];
  return segments.flatMap((segment): Piece[] =>
    typeof segment === 'string'
      ? segment
          .split(/(\$\{[^}]*\})/)
          .flatMap((text): Piece[] => (text === '' ? [] : [text.startsWith('${') ? false : text]))
      : [true],
  );
}

/** What stands where the references stood, as far as the literal text around them tells. */
function secretsIn(value: string, pieces: readonly Piece[]): readonly string[] {
  const secrets: string[] = [];
  let at = 0;
  let isSecret = false;
  let isOpen = false;
  for (const [index, piece] of [...pieces, ''].entries()) {
    if (typeof piece === 'boolean') {
      isSecret ||= piece;
      isOpen = true;
      continue;
    }
    const isLast = index >= pieces.length - 1;
    const found = !isOpen ? at : isLast ? value.length - piece.length : value.indexOf(piece, at);
    if (found < at || !value.startsWith(piece, found)) return [];
    if (isSecret) secrets.push(value.slice(at, found));
    at = found + piece.length;
    isSecret = false;
    isOpen = false;
  }
  return secrets;
}
