// The worst network there is: every name leads to one server, which has a trusted certificate for all of them.
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { createServerCertificate } from '../../../src/testing/server/certificate.js';

export interface CatchAll {
  readonly ca: string;
  /** Hosts that somebody has connected to, whatever came of it. */
  readonly connected: string[];
  /** Host and credential of every request that carried one. */
  readonly credentials: { readonly host: string; readonly credential: string }[];
  clear(): void;
  close(): Promise<void>;
}

const NAMES = [
  '*.vault.azure.net',
  '*.vault.azure.cn',
  'evil.example',
  '*.evil.example',
  '*.vault.evil.example',
  'localhost',
  '127.0.0.1',
  '::1',
];
type Connect = (this: net.Socket, ...args: unknown[]) => net.Socket;
interface Target {
  host?: string;
  hostname?: string;
  port?: number | string;
}

/** Takes over all connections of this process but those to the ports that are spared. */
export async function startCatchAll(spared: readonly number[]): Promise<CatchAll> {
  const { certificate, key, caCertificate } = createServerCertificate(NAMES, Date.now());
  const connected: string[] = [];
  const credentials: { host: string; credential: string }[] = [];
  const server = https.createServer({ cert: certificate, key }, (request, response) => {
    const { headers } = request;
    const credential = headers.authorization ?? headers['x-identity-header'] ?? headers['secret'];
    if (credential !== undefined) credentials.push({ host: headers.host ?? '', credential: String(credential) });
    // The SDK gives its token only to who asks for it.
    const challenge = 'Bearer authorization="https://login.windows.net/common", resource="https://vault.azure.net"';
    response.writeHead(credential === undefined ? 401 : 404, { 'WWW-Authenticate': challenge }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const real = net.Socket.prototype.connect as Connect;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    // `net.connect` passes what it has normalised: one array, options first.
    const [first] = args;
    const target = (Array.isArray(first) ? first[0] : first) as Target;
    if (typeof target === 'object' && target !== null && !spared.includes(Number(target.port))) {
      connected.push(`${target.host ?? target.hostname}:${target.port}`);
      Object.assign(target, { host: '127.0.0.1', port });
    }
    return real.apply(this, args);
  } as typeof net.Socket.prototype.connect;

  return {
    ca: caCertificate,
    connected,
    credentials,
    clear() {
      connected.length = 0;
      credentials.length = 0;
    },
    close() {
      net.Socket.prototype.connect = real as typeof net.Socket.prototype.connect;
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
