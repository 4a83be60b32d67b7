import type { Report } from '../report/types.js';
import { readVariable } from '../settings/environment.js';
import { MARKER } from '../settings/scan.js';
import { VaultstrapError } from '../support/errors.js';
import { malformed } from '../support/options.js';

/** The named settings, or one error for all that are missing or unresolved. */
export function requireSettingsFrom<N extends string>(
  names: readonly N[],
  report: Report,
): { readonly [K in N]: string } {
  if (names.some((name) => typeof name !== 'string'))
    throw malformed('what requireSettings was given', "names of settings, one by one: requireSettings('A', 'B')");
  const known = new Map(report.settings.map((setting) => [setting.setting, setting]));
  const problems = names.flatMap((name) => {
    const value = readVariable(name);
    const outcome = known.get(name);
    if (value === undefined)
      return [`${name} is ${outcome ? `not resolved (${outcome.code ?? outcome.status})` : 'not set'}`];
    // A resolved value may look like a reference; raw text that nobody resolved, or that `onError` kept, is none.
    const failed = outcome?.code !== undefined && !outcome.kept && !outcome.usedDefault && !outcome.overridden;
    const mayBeRaw = !outcome || failed;
    const looksRaw = MARKER.test(value) || (outcome !== undefined && value.includes('${'));
    return mayBeRaw && looksRaw ? [`${name} still holds its reference`] : [];
  });
  if (problems.length > 0) {
    throw new VaultstrapError(
      'ERR_SETTINGS_MISSING',
      `settings are missing: ${problems.join('; ')}.`,
      "Add the missing app settings. References are resolved by import 'vaultstrap/register', the first line of the app.",
    );
  }
  return Object.fromEntries(names.map((name) => [name, readVariable(name)])) as { [K in N]: string };
}
