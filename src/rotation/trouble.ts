import type { Failure } from '../support/failure.js';
import { groupBy } from '../support/group-by.js';
import { listed } from '../support/words.js';

/** What becomes of one setting, and of several. */
const PHRASES = {
  unresolved: ['is not resolved', 'are not resolved'],
  kept: ['keeps its last good value', 'keep their last good values'],
  inherited: ['keeps the value it was started with', 'keep the values they were started with'],
} as const;

const MOST_NAMES = 12;

export interface Trouble {
  readonly setting: string;
  readonly becomes: keyof typeof PHRASES;
  readonly failure: Pick<Failure, 'code' | 'details' | 'hint'>;
}

/** The consequence of a refusal. */
export const WOULD_FAIL = 'A restart now would fail.';

/** One line for all settings that have the same trouble: an outage is one piece of news, not fifty. */
export function troubleLines(troubles: readonly Trouble[], consequence?: string): readonly string[] {
  const groups = groupBy(troubles, ({ becomes, failure: { code, details, hint } }) =>
    JSON.stringify([becomes, code, details, hint]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const [one, many] = PHRASES[first.becomes];
    const { code, details, hint } = first.failure;
    const names = listed(
      group.map(({ setting }) => setting),
      MOST_NAMES,
    );
    const what = consequence === undefined ? details : `${details} ${consequence}`;
    // The hint last: it may end with a command, which is copied.
    return [`${names} ${group.length === 1 ? one : many} (${code}): ${what} Hint: ${hint}`];
  });
}
