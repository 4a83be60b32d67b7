import { randomBytes } from 'node:crypto';

const planted = new Set<string>();

/** A secret that must never be seen in any output of any process. */
export function canary(label = 'secret'): string {
  return plant(`c4n4ry-${label}-${randomBytes(8).toString('hex')}`);
}

/** Another text of that kind. */
export function plant(text: string): string {
  if (text.length < 8) throw new Error('too short to be recognised');
  planted.add(text);
  return text;
}

/** A bearer token: the emulator's are JSON web tokens. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]*/;

/** What leaked into a text, plain, percent-encoded, base64 (at any offset) or hexadecimal. */
export function leaksIn(output: string): readonly string[] {
  const leaks: string[] = [];
  for (const text of planted) if (formsOf(text).some((form) => output.includes(form))) leaks.push(text);
  const token = TOKEN.exec(output);
  if (token) leaks.push(`token ${token[0]}`);
  return leaks;
}

const forms = new Map<string, readonly string[]>();

function formsOf(text: string): readonly string[] {
  const known = forms.get(text);
  if (known) return known;
  const base64 = [0, 1, 2].map((offset) =>
    // The characters that also hold bits of what stands before and behind are left out.
    Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : offset + 1, -1),
  );
  const all = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), Buffer.from(text).toString('hex')];
  forms.set(text, [...new Set([...all, ...base64])]);
  return [...new Set([...all, ...base64])];
}
