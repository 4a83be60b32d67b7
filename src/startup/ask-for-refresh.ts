import type { RefreshResult } from '../rotation/types.js';
import { held } from '../support/held.js';
import { type AbortSignalLike, unlessAborted } from '../support/unless-aborted.js';
import type { Engine } from './engine.js';
import { tellOfUnstarted } from './late-references.js';

/** A refresh for a caller who may give up waiting, and holds the process no longer than that. */
export async function askForRefresh(
  signal: AbortSignalLike | null | undefined,
  engine: () => Engine,
): Promise<RefreshResult> {
  tellOfUnstarted('refresh() only reads again');
  return held(unlessAborted('signal', signal, () => engine().refresh()));
}
