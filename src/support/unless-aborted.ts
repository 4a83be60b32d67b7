import { malformed } from './options.js';

/** As much of an `AbortSignal` as is needed: the Azure SDKs' `AbortSignalLike` has no reason. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * For a caller who may give up waiting: begins nothing when that has happened, and what is under way goes on all the same.
 *
 * @throws VaultstrapError `ERR_INVALID_OPTION` for what is no signal; the signal's reason.
 */
export async function unlessAborted<T>(
  option: string,
  signal: AbortSignalLike | null | undefined,
  begin: () => Promise<T>,
): Promise<T> {
  if (signal === undefined || signal === null) return begin();
  // Not by its class: there are others that do.
  if (typeof signal.addEventListener !== 'function') throw malformed(`option ${option}`, 'an AbortSignal');
  const reason = () => signal.reason ?? new DOMException('The operation was aborted.', 'AbortError');
  if (signal.aborted) throw reason();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(reason());
    signal.addEventListener('abort', onAbort);
    begin()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
