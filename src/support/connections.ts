import type { Socket } from 'node:net';
import { type SafeCause, safeCause } from './failure.js';

/** A socket, for one exchange after another. */
export interface Connection {
  /** A reply came over it before: the other side may have closed it since. */
  readonly isReused: boolean;
  /** What comes from now on goes to the listener. Sent when the handshake is through, if it is not yet. */
  exchange(text: string, body: string | undefined, listener: ConnectionListener): void;
  /** The reply is complete, and another request may follow. */
  release(): void;
  destroy(): void;
}

interface IdleConnection extends Connection {
  readonly socket: Socket;
}

export interface ConnectionListener {
  onData(chunk: Buffer): void;
  /** The other side sends nothing more. */
  onEnd(): void;
  /** Nothing follows. */
  onClose(cause: SafeCause): void;
}

/** Connections to one place. */
export interface Connections {
  /** One that is idle, or a new one. */
  take(): Connection;
  /** Opens until so many are idle. */
  warm(count: number): void;
  /** Closes those that are idle. */
  rest(): void;
}

export function createConnections(open: () => Socket): Connections {
  const idle: IdleConnection[] = [];

  function create(): IdleConnection {
    const socket = open();
    // A request would wait for the other side's word on the end of the handshake.
    socket.setNoDelay();
    // Who waits for the reply holds the process (held.ts). Each address that is tried has another handle.
    socket.on('connectionAttempt', socket.unref);
    let listener: ConnectionListener | undefined;
    let isReused = false;
    let cause: SafeCause | undefined;
    // A word that nobody asked for would be taken for the next reply.
    socket.on('data', (chunk) => (listener ? listener.onData(chunk) : socket.destroy()));
    socket.on('end', () => (listener ? listener.onEnd() : socket.destroy()));
    socket.on('error', (error) => {
      cause = safeCause(error);
    });
    socket.on('close', () => listener?.onClose(cause ?? { code: 'ECONNRESET' }));
    return {
      socket,
      get isReused() {
        return isReused;
      },
      exchange(text, body, next) {
        listener = next;
        socket.write(text, 'latin1');
        if (body !== undefined) socket.write(body);
      },
      release() {
        listener = undefined;
        isReused = true;
        if (!socket.destroyed) idle.push(this);
      },
      destroy() {
        listener = undefined;
        socket.destroy();
      },
    };
  }

  return {
    take() {
      for (let one = idle.pop(); one; one = idle.pop()) {
        if (!one.socket.destroyed) return one;
      }
      return create();
    },
    warm(count) {
      while (idle.length < count) idle.push(create());
    },
    rest() {
      for (const { socket } of idle.splice(0)) socket.destroy();
    },
  };
}

/** An address ends in a number, or has a colon. `isIP` itself compiles an expression that costs milliseconds. */
const ADDRESS = /(^|\.)\d+$|:/;

/** What to call the other side in a TLS handshake, which knows names only: `''` for an address. */
export function serverName(host: string): string {
  return ADDRESS.test(host) ? '' : host;
}
