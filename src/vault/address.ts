import type { Config } from '../support/config.js';
import { serverName } from '../support/connections.js';

/** The oldest version that has all we read; every cloud serves it. */
export const API_VERSION = '7.4';

/** Where a vault is reached by TLS, and whom it must show to be: options of `tls.connect`. */
export function vaultAddress(host: string, { vaultEndpoint }: Pick<Config, 'vaultEndpoint'>) {
  const [name = host, port] = host.split(':', 2);
  return {
    host: vaultEndpoint?.address ?? name,
    port: vaultEndpoint?.port ?? (Number(port) || 443),
    servername: serverName(name),
    ALPNProtocols: ['http/1.1'],
    // Stated: NODE_TLS_REJECT_UNAUTHORIZED=0 decides only where nothing is said.
    rejectUnauthorized: true,
  };
}
