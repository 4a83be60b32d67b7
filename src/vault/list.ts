import type { AccessToken } from '../identity/reply.js';
import type { Config } from '../support/config.js';
import { sendRequest } from '../support/http.js';
import { resourceForHost } from './host.js';
import { isEmulatorToken } from './reader.js';

const API_VERSION = '7.4';
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
  const [name = host, port] = host.split(':', 2);
  const { isIP } = process.getBuiltinModule('node:net');
  const agent = new (process.getBuiltinModule('node:https').Agent)({
    rejectUnauthorized: true,
    servername: isIP(name) === 0 ? name : '',
    ...(vaultCa !== undefined && { ca: vaultCa }),
  });
  const result = await sendRequest({
    protocol: 'https:',
    host: vaultEndpoint?.address ?? name,
    port: vaultEndpoint?.port ?? (Number(port) || 443),
    path: `/secrets?maxresults=1&api-version=${API_VERSION}`,
    method: 'GET',
    headers: { Host: host, Authorization: `Bearer ${token.token.reveal()}`, Accept: 'application/json' },
    agent,
    timeoutMs,
    maxBytes: MAX_REPLY_BYTES,
  });
  agent.destroy();
  if (!result.ok) return 'unknown';
  const { status } = result.reply;
  return status === 200 ? 'yes' : status === 403 ? 'no' : 'unknown';
}
