import type { Environment } from '../../settings/environment.js';
import { bareName, isOwnSetting } from '../../settings/names.js';
import { type Config, isEnabled, readConfig } from '../../support/config.js';
import { BootstrapError } from '../../support/errors.js';
import { nearestOwnSetting, OWN_SETTINGS } from '../../support/own-settings.js';
import { relaxationsIn } from '../../support/relaxations.js';
import { bad, type Finding, good, warning } from './finding.js';

/** What is configured; `undefined` when something of it is malformed. */
export function examineOwnSettings(env: Environment): { config?: Config; findings: readonly Finding[] } {
  const names = Object.keys(env).filter((name) => env[name] && /^VAULTSTRAP_/i.test(bareName(name)));
  const findings = [...strangers(names), ...relaxations(env), ...leftOver(env)];
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    const malformed = error.failures.map(({ setting, details, hint }) =>
      bad('settings', details, hint, { about: setting }),
    );
    return { findings: [...malformed, ...findings] };
  }
  const inForce = names.filter((name) => OWN_SETTINGS.includes(bareName(name)));
  const text = inForce.length === 0 ? 'none is set: the defaults apply' : `${inForce.join(', ')}: well formed`;
  const off = isEnabled(env, {})
    ? []
    : [
        warning(
          'settings',
          'VAULTSTRAP_ENABLED is false: an app started so resolves nothing.',
          'Remove it, if that is not meant.',
        ),
      ];
  return { config, findings: [good('settings', text, { facts: { inForce } }), ...off, ...findings] };
}

function strangers(names: readonly string[]): readonly Finding[] {
  return names
    .filter((name) => !isOwnSetting(name))
    .map((name) => {
      const meant = nearestOwnSetting(bareName(name));
      return warning(
        'settings',
        'no setting of vaultstrap; it has no effect.',
        meant ? `Did you mean ${meant}?` : 'Remove it; the README lists them all.',
        { about: name, ...(meant && { facts: { meant } }) },
      );
    });
}

function relaxations(env: Environment): readonly Finding[] {
  const set = relaxationsIn(env);
  if (set.length === 0) return [];
  return [
    warning(
      'settings',
      `${set.join(', ')} ${set.length === 1 ? 'changes' : 'change'} where requests go or whom they trust.`,
      'Right for an emulator, a private cloud or a gateway of your own; elsewhere remove it.',
      { facts: { relaxations: set } },
    ),
  ];
}

/** A password for an identity: what a managed identity is there to replace. */
function leftOver(env: Environment): readonly Finding[] {
  const set = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_PASSWORD'].filter((name) => env[name]);
  if (set.length === 0) return [];
  return [
    warning(
      'settings',
      `${set.join(', ')}: a service principal's own secret stands in the settings.`,
      'Grant the secrets to the managed identity, then remove AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_TENANT_ID and AZURE_CLIENT_ID.',
      { facts: { servicePrincipal: set } },
    ),
  ];
}
