import { liveEnvironment, readEnvironment, readVariable } from '../settings/environment.js';
import { mentionsOf } from '../settings/mentions.js';
import { readProvenance } from '../settings/provenance.js';
import { MARKER } from '../settings/scan.js';
import { VaultstrapError } from '../support/errors.js';
import { malformed } from '../support/options.js';
import type { Engine } from './engine.js';
import { isLeftAlone } from './left-alone.js';
import { mustStart } from './quick-look.js';

/** The named settings, or one error for all that are missing or unresolved. */
export function requireSettingsFrom<N extends string>(
  names: readonly N[],
  engine: Pick<Engine, 'report' | 'references' | 'hasWritten' | 'options'>,
): { readonly [K in N]: string } {
  if (names.some((name) => typeof name !== 'string'))
    throw malformed('what requireSettings was given', "names of settings, one by one: requireSettings('A', 'B')");
  const { settings, status } = engine.report();
  const known = new Map(settings.map((setting) => [setting.setting, setting]));
  // Begun, and not joined: no report has them yet.
  const fetched = new Set(settings.length > 0 ? [] : engine.references().map(({ setting }) => setting));
  const hints = new Set<string>();
  const problems = names.flatMap((name) => {
    const value = readVariable(name);
    const outcome = known.get(name);
    const failed = outcome?.code !== undefined && !outcome.kept && !outcome.usedDefault && !outcome.overridden;
    if (value === undefined) {
      if (fetched.size > 0) hints.add(NOT_JOINED);
      if (fetched.has(name)) return [`${name} is being fetched`];
      if (outcome && !outcome.unset && !failed) {
        hints.add(REMOVED);
        return [`${name} was resolved, and is gone`];
      }
      if (outcome) hints.add(outcome.hint ?? ABSENT);
      // Of a start that failed for settings the report has all.
      else if (fetched.size === 0) hints.add(status === 'failed' && settings.length === 0 ? FAILED : NOT_SET);
      return [`${name} is ${outcome ? `not resolved (${outcome.code ?? outcome.status})` : 'not set'}`];
    }
    const looksRaw = MARKER.test(value) || (outcome && mentionsOf([value]).braced.some((one) => known.has(one)));
    if (!looksRaw || isLeftAlone(name, engine) || (!failed && isResolved(name, value, engine))) return [];
    hints.add(outcome?.hint ?? (fetched.size > 0 ? NOT_JOINED : mustStart(liveEnvironment()) ? RAW : SWITCHED_OFF));
    return [`${name} still holds its reference`];
  });
  if (problems.length > 0) {
    throw new VaultstrapError(
      'ERR_SETTINGS_MISSING',
      `settings are missing: ${problems.join('; ')}.`,
      [...hints].join(' '),
    );
  }
  return Object.fromEntries(names.map((name) => [name, readVariable(name)])) as { [K in N]: string };
}

/** By this process, or by one before it. Else nobody has resolved it, or a `.env` file has put it back over its value. */
function isResolved(name: string, value: string, { hasWritten }: Pick<Engine, 'hasWritten'>): boolean {
  return hasWritten(name, value) || readProvenance(readEnvironment()).has(name);
}

const RAW =
  "References are resolved by import 'vaultstrap/register', the app's first line, or by await bootstrap(): before this call, and behind what loads a .env file.";
const NOT_JOINED =
  "A start is under way, and nothing has joined it yet: before this call, import 'vaultstrap/register' or await bootstrap().";
const SWITCHED_OFF = 'VAULTSTRAP_ENABLED=false leaves references alone: give plain values, or remove it.';
const ABSENT = 'Its reference is Optional, and the secret does not exist: make it, or do without the setting.';
const FAILED = 'The start failed, and has taken out what it was to resolve: its error says why.';
const REMOVED =
  'Something in this process has removed it since, and what others have changed is left alone: remove that code.';
const NOT_SET = `Add the missing app settings. ${RAW}`;
