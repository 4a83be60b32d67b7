import type { Plan } from '../settings/plan.js';
import { LAST_DATE_MS } from '../support/clock.js';
import type { HeldSecrets } from './held.js';

/** As early as Key Vault's own event `SecretNearExpiry`. */
const NEAR_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

export interface ExpiryWatch {
  /** What has to be said now; each version's end, nearness and early beginning once. */
  warnings(plan: Plan, held: HeldSecrets, nowMs: number): readonly string[];
}

/** Key Vault serves secrets before their `nbf` and after their `exp`: only words can tell that something is due. */
export function createExpiryWatch(): ExpiryWatch {
  const said = new Set<string>();
  return {
    warnings(plan, held, nowMs) {
      const due = new Map<string, { readonly subject: string; readonly text: string; readonly users: string[] }>();
      plan.reads.forEach(({ vault, secret }, key) => {
        const good = held.get(key)?.good;
        const state = good && stateOf(good.expiresOnMs, good.notBeforeMs, nowMs);
        if (!state || said.has(`${key} ${good.version} ${state.word}`)) return;
        said.add(`${key} ${good.version} ${state.word}`);
        due.set(key, { subject: `secret '${secret}' in vault '${vault}'`, text: state.text, users: [] });
      });
      // Mostly none is: a thousand settings need no set each.
      if (due.size === 0) return [];
      for (const { setting, reads } of plan.settings) {
        for (const key of new Set(reads)) due.get(key)?.users.push(setting);
      }
      return [...due.values()].map(({ subject, text, users }) => `${subject} (${users.join(', ')}) ${text}`);
    },
  };
}

function stateOf(
  expiresOnMs: number | undefined,
  notBeforeMs: number | undefined,
  nowMs: number,
): { word: string; text: string } | undefined {
  if (expiresOnMs !== undefined && expiresOnMs <= nowMs) {
    return { word: 'past', text: `expired on ${dayOf(expiresOnMs)}. It is served all the same; rotate it.` };
  }
  if (expiresOnMs !== undefined && expiresOnMs - nowMs <= NEAR_MS) {
    const days = Math.ceil((expiresOnMs - nowMs) / DAY_MS);
    return { word: 'near', text: `expires on ${dayOf(expiresOnMs)}, in ${days === 1 ? 'a day' : `${days} days`}.` };
  }
  if (notBeforeMs !== undefined && notBeforeMs > nowMs) {
    return { word: 'early', text: `is not meant to be used before ${dayOf(notBeforeMs)}.` };
  }
  return undefined;
}

/** Out of JavaScript's range is out of everybody's lifetime. */
function dayOf(ms: number): string {
  return Math.abs(ms) <= LAST_DATE_MS ? new Date(ms).toISOString().replace(/T.*/, '') : 'a day that no calendar has';
}
