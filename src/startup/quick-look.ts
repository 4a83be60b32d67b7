import { type Environment, variableNames } from '../settings/environment.js';
import { mayRefer } from '../settings/may-refer.js';
import { isRecord, PLATFORM_RECORD } from '../settings/names.js';

/**
 * Whether there is anything to do at all. Most Node processes of an app (npm, tools, children) have
 * nothing to resolve, and pay for this look only.
 */
export function mustStart(env: Environment): boolean {
  return !/^\s*(false|0)\s*$/i.test(env['VAULTSTRAP_ENABLED'] ?? '') && hasWork(env);
}

/** Whether something looks like a reference. */
export function hasReferences(env: Environment): boolean {
  return variableNames(env).some((name) => mayRefer(env[name]) && !isRecord(name));
}

/** Whether there is a reference, a record of resolved ones, or a setting of our own to check. */
export function hasWork(env: Environment): boolean {
  if (env[PLATFORM_RECORD]) return true;
  // A setting of our own must be checked, whether there is a reference or not; our record is called so, too.
  return variableNames(env).some((name) => name.startsWith('VAULTSTRAP_') || mayRefer(env[name]));
}
