import type { Plan } from '../../settings/plan.js';
import { textOfFailure } from '../../support/errors.js';
import { HOW_IT_BEGINS, STAYS_TEXT } from '../support/near-reference.js';
import { many } from '../support/terminal.js';
import { bad, type Finding, good, unknown, warning } from './finding.js';

/** Which settings hold references, and which of them are malformed or misspelt. */
export function examineReferences(plan: Plan, misspelt: readonly string[], unread?: string): readonly Finding[] {
  const malformed = plan.settings.flatMap(({ setting, failure }) =>
    failure ? [bad('references', textOfFailure(failure), failure.hint, { about: setting })] : [],
  );
  const sound = plan.settings.filter(({ failure }) => !failure);
  const vaults = [...new Set([...plan.reads.values()].map(({ vault }) => vault))];
  const facts = { settings: sound.map(({ setting }) => setting), vaults };
  const found =
    sound.length > 0
      ? good(
          'references',
          `${many(sound.length, 'setting')} made of ${many(plan.reads.size, 'secret')} in ${many(vaults.length, 'vault')}: ${vaults.join(', ')}`,
          { facts },
        )
      : unknown('references', 'no setting holds a reference: there is no vault to look at.', {
          remedy:
            unread ??
            'A reference is @KeyVault(VaultName=VAULT;SecretName=SECRET), in the value of a setting of this process.',
        });
  const warnings = plan.warnings.map((text) =>
    warning('references', text, 'Report it, with the shape of that variable (without its values).'),
  );
  const near = misspelt.map((about) => bad('references', STAYS_TEXT, HOW_IT_BEGINS, { about }));
  const wrong = [...malformed, ...near];
  return [...(sound.length > 0 || wrong.length === 0 ? [found] : []), ...wrong, ...warnings];
}
