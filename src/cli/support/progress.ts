import { liveEnvironment } from '../../settings/environment.js';
import type { Stream } from './terminal.js';

/** What answers within this time needs no word. */
const PATIENCE_MS = 500;
const EVERY_MS = 1000;
const ERASE_LINE = '\r\u001b[K';

/** One line on a terminal that counts seconds while something takes long. @returns what erases it. */
export function showProgress(stream: Stream, what: string): () => void {
  if (!stream.isTTY || liveEnvironment()['TERM'] === 'dumb') return () => {};
  const startedMs = performance.now();
  let isShown = false;
  const show = () => {
    isShown = true;
    stream.write(`${ERASE_LINE}${what} ... ${Math.round((performance.now() - startedMs) / 1000)} s`);
  };
  let timer = setTimeout(() => {
    show();
    timer = setInterval(show, EVERY_MS).unref();
  }, PATIENCE_MS).unref();
  return () => {
    clearTimeout(timer);
    if (isShown) stream.write(ERASE_LINE);
  };
}
