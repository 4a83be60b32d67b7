// Looks at the way to a vault: its name, and who answers there. Sends nothing.
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { safeCause } from '../../support/failure.js';
import { kindOf } from '../../support/http.js';
import type { VaultEndpoint } from '../../support/platform.js';

export interface HostSight {
  /** Not looked for where the emulator stands in. */
  readonly names?: { readonly addresses: readonly string[]; readonly alias?: string; readonly error?: string };
  readonly tls?: {
    /** Why it did not work. */
    readonly kind?: string;
    readonly code?: string;
    readonly protocol?: string;
    readonly subject?: string;
    readonly issuer?: string;
    readonly validTo?: string;
  };
}

export interface LookOptions {
  readonly endpoint?: VaultEndpoint | undefined;
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
}

export async function lookAt(host: string, { endpoint, ca, timeoutMs }: LookOptions): Promise<HostSight> {
  const [name = host, port] = host.split(':', 2);
  const trust = ca === undefined ? {} : { ca };
  const servername = isIP(name) === 0 ? name : '';
  if (endpoint) {
    return { tls: await handshake({ host: endpoint.address, port: endpoint.port, servername, ...trust }, timeoutMs) };
  }
  const [names, alias] = await Promise.all([addressesOf(name, timeoutMs), aliasOf(name, timeoutMs)]);
  if (names.error !== undefined) return { names };
  const tls = await handshake({ host: name, port: Number(port) || 443, servername, ...trust }, timeoutMs);
  return { names: { ...names, ...(alias !== undefined && { alias }) }, tls };
}

/** As Node looks names up when it connects: hosts files and all. */
async function addressesOf(name: string, timeoutMs: number): Promise<{ addresses: readonly string[]; error?: string }> {
  const found = lookup(name, { all: true }).then(
    (all) => ({ addresses: [...new Set(all.map(({ address }) => address))] }),
    (error: unknown) => ({ addresses: [], error: safeCause(error).code ?? 'unknown' }),
  );
  return Promise.race([found, after(timeoutMs, { addresses: [], error: 'ETIMEOUT' })]);
}

/** The first alias says whether there is a private endpoint; no name server to ask is no news. */
async function aliasOf(name: string, timeoutMs: number): Promise<string | undefined> {
  const resolver = new Resolver({ timeout: Math.min(timeoutMs, 1500), tries: 1 });
  const first = resolver.resolveCname(name).then(
    ([alias]) => alias,
    () => undefined,
  );
  return Promise.race([first, after(Math.min(timeoutMs, 3000), undefined)]);
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly ca?: string;
}

async function handshake(target: Target, timeoutMs: number): Promise<NonNullable<HostSight['tls']>> {
  const trusted = await shake({ ...target, rejectUnauthorized: true }, timeoutMs);
  if (trusted.kind !== 'tls') return trusted;
  // Whoever answered is not trusted, and gets nothing: this is to see who it is.
  const seen = await shake({ ...target, rejectUnauthorized: false }, timeoutMs);
  return { ...seen, kind: trusted.kind, ...(trusted.code !== undefined && { code: trusted.code }) };
}

function shake(target: Target & { rejectUnauthorized: boolean }, timeoutMs: number) {
  return new Promise<NonNullable<HostSight['tls']>>((resolve) => {
    const socket = connect(target);
    const settle = (sight: NonNullable<HostSight['tls']>) => {
      clearTimeout(timer);
      resolve(sight);
      socket.destroy();
    };
    const timer = setTimeout(() => settle({ kind: 'timeout', code: 'ETIMEDOUT' }), timeoutMs);
    socket.on('error', (error) => {
      const cause = safeCause(error);
      settle({ kind: kindOf(cause), ...(cause.code !== undefined && { code: cause.code }) });
    });
    socket.once('secureConnect', () => settle(sightOf(socket)));
  });
}

function sightOf(socket: TLSSocket): NonNullable<HostSight['tls']> {
  const { subject, issuer, valid_to } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const protocol = socket.getProtocol();
  const names = { subject: nameIn(subject?.CN), issuer: nameIn(issuer?.CN ?? issuer?.O) };
  const validTo = Date.parse(valid_to ?? '');
  return {
    ...(protocol && { protocol }),
    ...(names.subject && { subject: names.subject }),
    ...(names.issuer && { issuer: names.issuer }),
    ...(!Number.isNaN(validTo) && { validTo: new Date(validTo).toISOString().slice(0, 10) }),
  };
}

/** Names in a certificate are another's words: short ones only. */
function nameIn(text: string | string[] | undefined): string | undefined {
  return [text].flat()[0]?.slice(0, 100);
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value).unref());
}
