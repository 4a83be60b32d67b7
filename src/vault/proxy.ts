import type { Environment } from '../settings/environment.js';

/**
 * Whether `HTTPS_PROXY` and its kin send requests for a host through a proxy, by the rules of
 * the SDK, which honours them (`@azure/core-rest-pipeline`, `proxyPolicy`). The direct lane has no proxy
 * client, and is not used then.
 */
export function proxyApplies(env: Environment, host: string): boolean {
  const value = (name: string) => env[name] || env[name.toLowerCase()];
  if (!(value('HTTPS_PROXY') || value('ALL_PROXY') || value('HTTP_PROXY'))) return false;
  const name = host.split(':', 1)[0] ?? host;
  const bypass = (value('NO_PROXY') ?? '').split(',').map((item) => item.trim().toLowerCase());
  return !bypass.some((item) =>
    item.startsWith('.')
      ? name.endsWith(item) || name === item.slice(1)
      : item !== '' && (item === '*' || name === item),
  );
}
