import type { Failure } from '../../support/failure.js';
import type { VaultSession } from '../support/vault-session.js';
import type { Taken } from './choose.js';

/** `kept`: in the vault already, with this value. */
export type Outcome =
  | { readonly kind: 'written' | 'kept' }
  | { readonly kind: 'conflict' | 'not-tried' | 'differs' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Safe to take out of the file. */
export const isSafe = ({ kind }: Outcome): boolean => kind === 'written' || kind === 'kept';

/**
 * Writes what is not there yet, and reads it back, as an app will. Never rejects; each has its outcome, by setting.
 */
export async function moveToVault(
  vault: VaultSession,
  taken: readonly Taken[],
  { overwrite }: { overwrite: boolean },
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const moves = taken.map((one) => ({ ...one, target: vault.target(one.secret) }));
  const before = await vault.read(moves.map(({ target }) => target));
  const toWrite = moves.filter(({ setting, target, value }) => {
    const found = before.get(target.key);
    if (!found) return false;
    if (found.ok && found.value.value.equals(value)) outcomes.set(setting, { kind: 'kept' });
    else if (found.ok && !overwrite) outcomes.set(setting, { kind: 'conflict' });
    else if (found.ok || found.failure.absent || (overwrite && found.failure.code === 'ERR_SECRET_DISABLED'))
      return true;
    else outcomes.set(setting, { kind: 'failed', failure: found.failure });
    return false;
  });

  const written: typeof moves = [];
  let outage = false;
  // One after the other: a vault takes few writes at a time, and after an outage the rest need not wait for theirs.
  for (const move of toWrite) {
    if (outage) {
      outcomes.set(move.setting, { kind: 'not-tried' });
      continue;
    }
    const result = await vault.write(move.target, move.value);
    if (result.ok) written.push(move);
    else {
      outcomes.set(move.setting, { kind: 'failed', failure: result.failure });
      outage = result.failure.retry !== 'never';
    }
  }

  const after = await vault.read(written.map(({ target }) => target));
  for (const { setting, target, value } of written) {
    const found = after.get(target.key);
    if (found && !found.ok) outcomes.set(setting, { kind: 'failed', failure: found.failure });
    else outcomes.set(setting, { kind: found?.value.value.equals(value) ? 'written' : 'differs' });
  }
  return outcomes;
}
