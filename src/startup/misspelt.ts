import { HOW_IT_BEGINS, misspeltIn, STAYS_TEXT } from '../settings/near-reference.js';
import type { Plan } from '../settings/plan.js';
import { listed } from '../support/words.js';

/** What a start has to say of text that it leaves alone, though somebody meant a secret. */
export function linesOnMisspelt(plan: Plan): readonly string[] {
  const names = misspeltIn(plan);
  return names.length > 0 ? [`${listed(names, 3)}: ${STAYS_TEXT} ${HOW_IT_BEGINS}`] : [];
}
