import { readFileSync, statSync } from 'node:fs';

/** Larger than anybody has written. */
const MAX_BYTES = 2_000_000;

/** A file of the app that nobody named; nothing where it cannot be read as one: what it holds is not to be seen. */
export function textOf(file: string): string | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
