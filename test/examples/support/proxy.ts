import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface ResettingProxy {
  readonly port: number;
  /** Resets every connection of its clients. */
  resetAll(): void;
  stop(): Promise<void>;
}

/** Hands on what comes, until told otherwise. */
export async function startProxy(target: number): Promise<ResettingProxy> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    clients.add(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.on('close', () => clients.delete(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const resetAll = () => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    resetAll,
    async stop() {
      server.close();
      resetAll();
      await once(server, 'close');
    },
  };
}
