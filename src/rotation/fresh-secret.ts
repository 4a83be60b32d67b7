import { readVariable } from '../settings/environment.js';
import { hasMarker } from '../settings/scan.js';
import { VaultstrapError } from '../support/errors.js';
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
  /** Throws when the setting has no value, or text that looks like a reference or a template is none: with the remedy. */
  check: () => void = () => {},
): Promise<T> {
  // At once, and not on the day of the rotation.
  const isAuthError = options?.isAuthError;
  if (typeof setting !== 'string' || typeof use !== 'function' || typeof isAuthError !== 'function') {
    throw malformed(
      'what withFreshSecret was given',
      'the name of a setting, a function that uses its value, and { isAuthError }, a function',
    );
  }
  const value = currentValue(setting, check);
  try {
    return await use(value);
  } catch (error) {
    if (!(await saysYes(isAuthError, error))) throw error;
    // One that breaks as a whole: what the caller knows how to handle is the refusal.
    await held(refreshNow()).catch(() => {
      throw error;
    });
    return await use(currentValue(setting, check));
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

function currentValue(setting: string, check: () => void): string {
  const value = readVariable(setting);
  if (value === undefined || hasMarker(value) || value.includes('${')) check();
  if (value === undefined) {
    throw new VaultstrapError(
      'ERR_SETTINGS_MISSING',
      `${setting} is not set.`,
      `Add the app setting ${setting}, and resolve it before this call.`,
    );
  }
  return value;
}
