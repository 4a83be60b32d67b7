// What the smoke test wants to know of a live app. Kinds, words, numbers and names of members; no value, no token.
import { createHash, timingSafeEqual } from 'node:crypto';
import tls from 'node:tls';
import { report } from 'vaultstrap';
import { kindsOf } from './raw.mjs';

/** Only who has the key of this run, which the smoke test sets and takes away again. @param {string | null} given */
export function mayAsk(given) {
  const key = process.env.SMOKE_KEY;
  if (!key || !given) return false;
  const digest = (text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(key), digest(given));
}

/** @param {{ host: string, raw: Record<string, string> }} app */
export async function facts({ host, raw }) {
  const { status, durationMs, requests, identity, settings } = report();
  const { SMOKE_OURS: ours, SMOKE_PLATFORM: platform, SMOKE_COMPOSED: composed } = process.env;
  return {
    version: 1,
    host,
    node: process.versions.node,
    startedAt: Math.round(performance.timeOrigin),
    raw,
    now: kindsOf(process.env),
    same: ours !== undefined && ours === platform,
    composed: ours !== undefined && composed === `before-${ours}-after`,
    record: describeRecord(process.env.WEBSITE_KEYVAULT_REFERENCES),
    tokens: await Promise.all([ask2019(), ask2017()].map((one) => one.catch(() => ({ failed: true })))),
    vault: await greet(settings.find(({ vault }) => vault)?.vault),
    report: {
      status,
      durationMs,
      requests,
      source: identity?.source,
      settings: settings.map(({ setting, status, code, origin, kept }) => ({ setting, status, code, origin, kept })),
    },
  };
}

/** The shape of the platform's record: names of members and of settings, the word of each status. */
function describeRecord(text) {
  if (!text) return { present: false };
  try {
    const entries = Object.entries(JSON.parse(text));
    return {
      present: true,
      settings: entries.map(([name]) => name),
      members: [...new Set(entries.flatMap(([, entry]) => Object.keys(entry ?? {})))],
      statuses: entries.map(([, entry]) => word(entry?.status)),
      rawReferences: entries.every(([, entry]) => /^@Microsoft\.KeyVault\(.*\)$/i.test(String(entry?.rawReference))),
    };
  } catch {
    return { present: true, notJson: true };
  }
}

const word = (text) => (/^[A-Za-z]{1,40}$/.test(String(text)) ? String(text) : 'other');

async function ask2019() {
  const { IDENTITY_ENDPOINT, IDENTITY_HEADER } = process.env;
  if (!IDENTITY_ENDPOINT || !IDENTITY_HEADER) return { protocol: '2019-08-01', absent: true };
  return ask(IDENTITY_ENDPOINT, '2019-08-01', 'client_id', { 'X-IDENTITY-HEADER': IDENTITY_HEADER });
}

async function ask2017() {
  const { MSI_ENDPOINT, MSI_SECRET } = process.env;
  if (!MSI_ENDPOINT || !MSI_SECRET) return { protocol: '2017-09-01', absent: true };
  return ask(MSI_ENDPOINT, '2017-09-01', 'clientid', { secret: MSI_SECRET });
}

async function ask(endpoint, protocol, selector, headers) {
  const url = new URL(endpoint);
  url.searchParams.set('api-version', protocol);
  url.searchParams.set('resource', 'https://vault.azure.net');
  if (process.env.AZURE_CLIENT_ID) url.searchParams.set(selector, process.env.AZURE_CLIENT_ID);
  const answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(10_000) });
  const body = await answer.json();
  const members = Object.keys(body).filter((name) => /^\w{1,40}$/.test(name));
  return {
    protocol,
    status: answer.status,
    members,
    expiresOn: formOf(body.expires_on),
    expiresIn: formOf(body.expires_in),
  };
}

/** @param {unknown} value */
function formOf(value) {
  if (value === undefined || value === null || value === '') return 'none';
  if (typeof value === 'number') return 'number';
  const text = String(value);
  if (/^\d+$/.test(text)) return 'digits';
  if (/^\d{1,2}\/\d{1,2}\/\d{4} \d{1,2}:\d\d:\d\d [AP]M \+00:00$/.test(text)) return 'date with AM or PM';
  return /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? 'ISO 8601' : 'other';
}

/** Which HTTP the vault would speak, by ALPN; no request is made. @param {string | undefined} vault */
function greet(vault) {
  if (!vault) return { asked: false };
  const { VAULTSTRAP_VAULT_SUFFIX: suffix, VAULTSTRAP_VAULT_ENDPOINT: emulator, VAULTSTRAP_VAULT_CA: ca } = process.env;
  const servername = `${vault}.${suffix ?? 'vault.azure.net'}`;
  const { hostname: host, port } = new URL(emulator ?? `https://${servername}`);
  return new Promise((resolve) => {
    const socket = tls.connect({
      host,
      port: Number(port || 443),
      servername,
      ca,
      ALPNProtocols: ['h2', 'http/1.1'],
      timeout: 10_000,
    });
    const done = (outcome) => {
      socket.destroy();
      resolve({ asked: true, ...outcome });
    };
    socket.once('secureConnect', () => done({ alpn: socket.alpnProtocol || 'none', tls: socket.getProtocol() }));
    socket.once('timeout', () => done({ failed: true }));
    socket.once('error', () => done({ failed: true }));
  });
}
