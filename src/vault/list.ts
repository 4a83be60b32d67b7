import type { AccessToken } from '../identity/reply.js';
import type { Config } from '../support/config.js';
import { createConnections } from '../support/connections.js';
import { sendRequest } from '../support/http.js';
import { API_VERSION, vaultAddress } from './address.js';
import { resourceForHost } from './host.js';
import { isEmulatorToken } from './reader.js';

/** One name, with its attributes and tags. */
const MAX_REPLY_BYTES = 64 * 1024;

/**
 * Whether an identity may list a vault's secrets, which reading them does not need. Asks for one name and looks at the
 * status alone; nothing is kept of the reply.
 * https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets
 */
export async function mayList(
  host: string,
  token: AccessToken,
  config: Pick<Config, 'vaultEndpoint' | 'vaultCa' | 'vaultSuffix' | 'allowedHosts'>,
  timeoutMs: number,
): Promise<'yes' | 'no' | 'unknown'> {
  const { vaultEndpoint, vaultCa } = config;
  if (!resourceForHost(host, config).ok || (vaultEndpoint && !isEmulatorToken(token))) return 'unknown';
  const connections = createConnections(() =>
    process
      .getBuiltinModule('node:tls')
      .connect({ ...vaultAddress(host, config), ...(vaultCa !== undefined && { ca: vaultCa }) }),
  );
  const result = await sendRequest({
    connections,
    method: 'GET',
    path: `/secrets?maxresults=1&api-version=${API_VERSION}`,
    host,
    headers: { Authorization: `Bearer ${token.token.reveal()}`, Accept: 'application/json', Connection: 'close' },
    timeoutMs,
    maxBytes: MAX_REPLY_BYTES,
  });
  connections.rest();
  if (!result.ok) return 'unknown';
  const { status } = result.reply;
  return status === 200 ? 'yes' : status === 403 ? 'no' : 'unknown';
}
