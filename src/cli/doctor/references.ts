import type { Environment } from '../../settings/environment.js';
import { HOW_IT_BEGINS, misspeltIn, STAYS_TEXT } from '../../settings/near-reference.js';
import type { Plan } from '../../settings/plan.js';
import { textOfFailure } from '../../support/errors.js';
import { KEEPS_QUOTES, quotedIn, TAKE_QUOTES_OUT } from '../support/quoted-reference.js';
import { many } from '../support/terminal.js';
import { bad, type Finding, good, unknown, warning } from './finding.js';

/** Which settings hold references, and which of them are malformed, misspelt or in quotes. */
export function examineReferences(plan: Plan, unread?: string): readonly Finding[] {
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
  const near = misspeltIn(plan).map((about) => bad('references', STAYS_TEXT, HOW_IT_BEGINS, { about }));
  const wrong = [...malformed, ...near];
  const odd = quotedIn(plan).map((about) => warning('references', KEEPS_QUOTES, TAKE_QUOTES_OUT, { about }));
  return [...(sound.length > 0 || wrong.length === 0 ? [found] : []), ...wrong, ...odd, ...warnings];
}

/**
 * What to do where there is none, in a session that sshd began with an environment of its own: custom containers of App
 * Service pass none of the app's on. https://learn.microsoft.com/azure/app-service/configure-custom-container#enable-ssh
 *
 * Of more than 128 KB (busybox: 32) xargs by itself makes several commands, each with a part of the settings. 2 MB is the
 * most that Linux starts a process with; of more, `-x` makes nothing, but only beside `-n`.
 */
export function hintOfSsh({ SSH_CONNECTION }: Environment): string | undefined {
  return SSH_CONNECTION
    ? `This is an SSH session, which may lack the app's settings. With those of process 1: xargs -0 -x -n 99999 -s 2000000 sh -c 'env "$@" npx vaultstrap doctor' sh < /proc/1/environ`
    : undefined;
}
