// Debian's Chromium, headless, with a profile of its own; and a server on loopback for what it looks at.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const require = createRequire(import.meta.url);
const INSTALLED = '/usr/bin/chromium';

export const HOW_TO_INSTALL = `no ${INSTALLED} (apt-get update && apt-get install -y --no-install-recommends chromium)`;

/** Where Chromium is; `undefined`, and a line that says so, when there is none. */
export function findChromium(): string | undefined {
  if (existsSync(INSTALLED)) return INSTALLED;
  console.warn(`the status page is not looked at: ${HOW_TO_INSTALL}`);
  return undefined;
}

/** What is used of playwright-core, whose own types need those of the DOM. */
export interface Browser {
  newContext(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly colorScheme: 'light' | 'dark';
    readonly isMobile: boolean;
  }): Promise<BrowserContext>;
  contexts(): readonly BrowserContext[];
  close(): Promise<void>;
}

interface BrowserContext {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'dialog', listener: (dialog: { message(): string; dismiss(): Promise<void> }) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
  goto(url: string): Promise<{ status(): number } | null>;
  title(): Promise<string>;
  content(): Promise<string>;
  evaluate<T>(inPage: string | (() => T)): Promise<T>;
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>;
  locator(selector: string): Locator;
  getByRole(role: string, options?: { readonly level: number }): Locator;
}

interface Locator {
  all(): Promise<readonly Locator[]>;
  count(): Promise<number>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<readonly string[]>;
  getAttribute(name: string): Promise<string | null>;
  ariaSnapshot(): Promise<string>;
  getByRole(role: string, options?: { readonly level: number }): Locator;
}

interface Playwright {
  readonly chromium: {
    launch(options: {
      readonly executablePath: string;
      readonly headless: boolean;
      readonly args: readonly string[];
    }): Promise<Browser>;
  };
}

/** Nothing of the browser's own goes over the network, and nothing is left behind: its profile is a new, empty folder. */
export function openBrowser(executablePath: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  args.push('--disable-background-networking', '--disable-component-update');
  const { chromium } = require('playwright-core') as Playwright;
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
