// Debian's Chromium, headless, with a profile of its own; and a server on loopback for what it looks at.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';

const INSTALLED = '/usr/bin/chromium';

export const HOW_TO_INSTALL = `no ${INSTALLED} (apt-get update && apt-get install -y --no-install-recommends chromium)`;

/** Where Chromium is; `undefined`, and a line that says so, when there is none. */
export function findChromium(): string | undefined {
  if (existsSync(INSTALLED)) return INSTALLED;
  console.warn(`the status page is not looked at: ${HOW_TO_INSTALL}`);
  return undefined;
}

/** Nothing of the browser's own goes over the network, and nothing is left behind: its profile is a new, empty folder. */
export function openBrowser(executablePath: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  args.push('--disable-background-networking', '--disable-component-update');
  return chromium.launch({ executablePath, headless: true, args });
}

/** An answer as a function gives it to the Functions host. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Site {
  readonly origin: string;
  /** `GET /api/x` and so on: whatever was asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function serve(answer: (path: string, accept: string | undefined) => Promise<Answer>): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request.url ?? '', request.headers.accept).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error: unknown) => response.destroy(error as Error),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
