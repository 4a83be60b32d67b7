// What may stand where the identity endpoint or a vault should be, beyond what the embedded Azure can play.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { createServerCertificate } from '../../../src/testing/server/certificate.js';

export interface Servers {
  /** Nothing listens there. */
  readonly closedPort: number;
  /** Https with a certificate that is trusted, for another name. */
  readonly otherName: { readonly port: number; readonly ca: string };
  /** Http, and every request is answered 101. */
  readonly upgrade: number;
  /** The same over TLS, with a trusted certificate. */
  readonly upgradeTls: { readonly port: number; readonly ca: string };
  /** Says something that is neither HTTP nor TLS. */
  readonly babble: number;
  /** Must never be asked anything. */
  readonly trap: Trap;
  close(): Promise<void>;
}

/** A server that answers everything with a token and a value, and remembers who came. */
export interface Trap {
  readonly url: string;
  readonly port: number;
  /** Every request, whole: method, address and headers. */
  readonly seen: string[];
}

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n';

export async function startServers(): Promise<Servers> {
  const open: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  async function listen(server: net.Server): Promise<number> {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(server);
    return (server.address() as AddressInfo).port;
  }
  async function overTls(names: readonly string[], onSocket: (socket: tls.TLSSocket) => void) {
    const { certificate, key, caCertificate } = createServerCertificate(names, Date.now());
    const port = await listen(tls.createServer({ cert: certificate, key }, onSocket));
    return { port, ca: caCertificate };
  }
  const answer = (text: string) => (socket: net.Socket) => {
    socket.on('error', () => {});
    // Once somebody has asked.
    socket.once('data', () => socket.write(text));
  };

  const seen: string[] = [];
  const trapServer = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end(
      JSON.stringify({
        access_token: 'forged',
        expires_in: '3600',
        value: 'forged',
        id: `x/secrets/x/${'0'.repeat(32)}`,
      }),
    );
  });
  const trapPort = await listen(trapServer);

  return {
    // Not one that was just given free: another test's server may get that.
    closedPort: 1,
    otherName: await overTls(['somebody.else.example'], answer('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')),
    upgrade: await listen(net.createServer(answer(SWITCH))),
    upgradeTls: await overTls(['*.vault.azure.net'], answer(SWITCH)),
    babble: await listen(net.createServer(answer('SSH-2.0-OpenSSH_9.9\r\n'))),
    trap: { url: `http://127.0.0.1:${trapPort}`, port: trapPort, seen },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(open.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
