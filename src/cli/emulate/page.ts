// The page of `vaultstrap emulate`: looked at and clicked on by the person who started it, and by nobody else.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { safeCause } from '../../support/failure.js';
import type { Emulator } from '../../testing/index.js';
import { FailedError } from '../support/exit.js';
import { ActionError, perform } from './page-actions.js';
import { pageSecurityPolicy, renderPage } from './page-html.js';
import { snapshotOf } from './snapshot.js';

export interface Page {
  /** With a key in it that no other page knows. */
  readonly url: string;
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 8 * 1024;

export async function servePage(azure: Emulator, port: number): Promise<Page> {
  const key = randomBytes(16).toString('base64url');
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new FailedError(
          `the page cannot have port ${port} (${safeCause(error).code}).`,
          'Choose another --port, or --no-page.',
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const at = (server.address() as AddressInfo).port;
  const hosts = [`127.0.0.1:${at}`, `localhost:${at}`];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '', origin } = request.headers;
    // A name that leads here is another site's (DNS rebinding).
    if (!hosts.includes(host)) return send(response, 421, 'Not here.');
    if (request.url !== `/${key}/`)
      return send(response, 404, 'The address with its key is what vaultstrap emulate printed.');
    if (request.method === 'GET') return send(response, 200, renderPage(await snapshotOf(azure)), 'html');
    if (request.method !== 'POST') return send(response, 405, 'GET or POST.');
    // A form of another site's (CSRF); browsers always say where a POST comes from.
    if (origin !== `http://${host}`) return send(response, 403, 'Not from there.');
    const body = await readBody(request);
    if (body === undefined) return send(response, 413, 'Too long.');
    try {
      await perform(azure, new URLSearchParams(body));
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      return send(response, 400, renderPage(await snapshotOf(azure), error.message), 'html');
    }
    response.writeHead(303, { Location: `/${key}/` }).end();
  }

  return {
    url: `http://127.0.0.1:${at}/${key}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, text: string, type: 'html' | 'plain' = 'plain'): void {
  response
    .writeHead(status, {
      'Content-Type': `text/${type}; charset=utf-8`,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': pageSecurityPolicy(),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      // With no-referrer, a form's own origin would be hidden from us, too.
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(text);
}
