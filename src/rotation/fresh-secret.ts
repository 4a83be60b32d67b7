import { readVariable } from '../settings/environment.js';
import { VaultstrapError } from '../support/errors.js';
import type { FreshSecretOptions, RefreshResult } from './types.js';

/**
 * Runs `use(value)`. When that fails for authentication, refreshes once (a refresh that began after the
 * failure, shared by all callers that wait for one) and runs it once more with the value there is then.
 */
export async function useFreshSecret<T>(
  setting: string,
  use: (value: string) => T | Promise<T>,
  { isAuthError }: FreshSecretOptions,
  refreshNow: () => Promise<RefreshResult>,
): Promise<T> {
  try {
    return await use(currentValue(setting));
  } catch (error) {
    if (!isAuthError(error)) throw error;
    await refreshNow();
    return await use(currentValue(setting));
  }
}

function currentValue(setting: string): string {
  const value = readVariable(setting);
  if (value === undefined) {
    throw new VaultstrapError(
      'ERR_SETTINGS_MISSING',
      `${setting} is not set.`,
      `Add the app setting ${setting}, and resolve it before this call.`,
    );
  }
  return value;
}
