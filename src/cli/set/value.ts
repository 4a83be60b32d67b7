import { isCancel, password } from '@clack/prompts';
import { Secret } from '../../support/secret.js';
import { UsageError } from '../support/exit.js';
import { ask } from '../support/prompt.js';
import { problemOfValue } from '../support/secret-value.js';

/** Far more than a secret may have: what is longer is no value. */
const MOST_BYTES = 1024 * 1024;

/** From a hidden prompt where a person sits, otherwise from stdin. `undefined`: the person thought better of it. */
export async function readValue(name: string, { keepNewline }: { keepNewline: boolean }): Promise<Secret | undefined> {
  const text = process.stdin.isTTY ? await prompt(name) : textOf(await readStdin(), keepNewline);
  if (text === undefined) return undefined;
  const problem = problemOfValue(text);
  if (problem)
    throw new UsageError(
      problem,
      text === '' ? 'It comes from standard input: is what is piped there right?' : undefined,
    );
  return new Secret(text);
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new UsageError('the value is longer than 1 MB; Key Vault takes at most 25 KB.');
  }
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer, keepNewline: boolean): string {
  let text: string;
  try {
    // A byte order mark is part of the value, as every other byte is.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(
      'the value is not UTF-8 text, and a secret is text.',
      'Write bytes as base64: base64 -w0 file | npx vaultstrap set ...',
    );
  }
  // What `echo`, editors and here-documents put behind a value is not part of it.
  return keepNewline ? text : text.replace(/\r?\n$/, '');
}

/** Twice, since nobody sees what is typed. */
async function prompt(name: string): Promise<string | undefined> {
  // Standard output is for the reference.
  const options = { output: process.stderr };
  const first = await ask((signal) =>
    password({
      ...options,
      signal,
      message: `Value of ${name}`,
      validate: (text) => problemOfValue(text ?? ''),
    }),
  );
  if (isCancel(first)) return undefined;
  const validate = (again: string | undefined) =>
    again === first ? undefined : 'That is another value than the first.';
  const second = await ask((signal) => password({ ...options, signal, message: 'Once more', validate }));
  return isCancel(second) ? undefined : first;
}
