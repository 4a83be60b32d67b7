import { readVariable } from '../settings/environment.js';
import { hasMarker } from '../settings/scan.js';
import { held } from '../support/held.js';
import { malformed } from '../support/options.js';
import type { FreshSecretOptions, RefreshResult } from './types.js';

/**
 * Runs `use(value)`. When that fails for authentication, refreshes once (a refresh that began after the
 * failure, shared by all callers that wait for one) and runs it once more with the value there is then.
 */
export async function useFreshSecret<T>(
  setting: string,
  use: (value: string) => T | Promise<T>,
  options: FreshSecretOptions,
  refreshNow: () => Promise<RefreshResult>,
  /** The value of one that is missing, or looks like a reference or a template: throws when it is none, with the remedy. */
  required: () => string,
): Promise<T> {
  // At once, and not on the day of the rotation.
  const isAuthError = options?.isAuthError;
  if (typeof setting !== 'string' || typeof use !== 'function' || typeof isAuthError !== 'function') {
    throw malformed(
      'what withFreshSecret was given',
      'the name of a setting, a function that uses its value, and { isAuthError }, a function',
    );
  }
  const current = () => plainValue(setting) ?? required();
  const value = current();
  try {
    return await use(value);
  } catch (error) {
    if (!(await saysYes(isAuthError, error))) throw error;
    // One that breaks as a whole: what the caller knows how to handle is the refusal.
    await held(refreshNow()).catch(() => {
      throw error;
    });
    return await use(current());
  }
}

/** One that stumbles over an error it does not know has not said yes; the caller gets that error, not its own. */
async function saysYes(isAuthError: FreshSecretOptions['isAuthError'], error: unknown): Promise<boolean | undefined> {
  try {
    return await isAuthError(error);
  } catch {
    return false;
  }
}

/** What cannot be anything else: most values, at no cost. */
function plainValue(setting: string): string | undefined {
  const value = readVariable(setting);
  return value === undefined || hasMarker(value) || value.includes('${') ? undefined : value;
}
