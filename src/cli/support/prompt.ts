/**
 * Ctrl-D closes what reads the keyboard, and the prompt hears nothing of it: the process would end in the middle, with
 * status 0 and without a cursor. When nothing else is left to do, the prompt is cancelled, as by Ctrl-C.
 */
export async function ask<T>(prompt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const given = new AbortController();
  const cancel = () => given.abort();
  process.once('beforeExit', cancel);
  try {
    return await prompt(given.signal);
  } finally {
    process.removeListener('beforeExit', cancel);
  }
}
