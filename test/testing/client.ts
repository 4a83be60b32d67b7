// The smallest client there is: one request, no retries, no agent unless given.
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Emulator } from '../../src/testing/index.js';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** SHA-1 of the server's certificate, over https. */
  thumbprint: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  json: any;
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  agent?: https.Agent;
  signal?: AbortSignal;
}

export function ask(url: string, question: Question & { ca?: string } = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, ca, agent, signal } = question;
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith('https:') ? https : http;
    const sent = request(url, { method, headers, ca, agent: agent ?? false, signal }, (response) => {
      let text = '';
      const thumbprint = (response.socket as Partial<TLSSocket>)
        .getPeerX509Certificate?.()
        ?.fingerprint.replaceAll(':', '');
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {}
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, thumbprint, json });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A request as an app on App Service makes it. `query` begins with `&`. */
export function askIdentity(azure: Emulator, query = '', headers: Record<string, string> = {}): Promise<Answer> {
  const url = `${azure.env['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://vault.azure.net${query}`;
  return ask(url, { headers: { 'X-IDENTITY-HEADER': azure.env['IDENTITY_HEADER'] ?? '', ...headers } });
}

/** `path` may carry a query; the api-version is added. Without `token` there is no authorization. */
export function askVault(
  azure: Emulator,
  path: string,
  question: Question & { token?: string | undefined; host?: string } = {},
): Promise<Answer> {
  const { token, host = 'shop.vault.azure.net', headers, ...rest } = question;
  const url = `${azure.vaultEndpoint}${path}${path.includes('?') ? '&' : '?'}api-version=7.4`;
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return ask(url, {
    ...rest,
    ca: azure.caCertificate,
    headers: { Host: host, ...authorization, ...headers },
  });
}

/** Claims of a token, unchecked. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into claims
export function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
