// As much of Azure App Configuration as its provider asks for at a start: GET /kv, a page of 100 at a time.
// https://learn.microsoft.com/azure/azure-app-configuration/rest-api-key-value
import https from 'node:https';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../scripts/embedded-sources.mjs';

const HOST = 'shop.azconfig.io';
const PAGE = 100;
const REFERENCE = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8';

/** The embedded Azure's own way to make certificates, which the package does not export. */
async function createServerCertificate(names) {
  const outfile = path.join(root, 'node_modules/.cache/vaultstrap-bench/certificate.mjs');
  const entryPoints = [path.join(root, 'src/testing/server/certificate.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  return (await import(pathToFileURL(outfile).href)).createServerCertificate(names, Date.now());
}

export async function startStore({ count, vaultCount, latencyMs }) {
  const { certificate, key, caCertificate } = await createServerCertificate([HOST, '127.0.0.1']);
  const items = Array.from({ length: count }, (_, i) => ({
    etag: `e${i}`,
    key: `S${i}`,
    label: null,
    content_type: REFERENCE,
    value: JSON.stringify({ uri: `https://shop${i % vaultCount}.vault.azure.net/secrets/s${i}` }),
    tags: {},
    locked: false,
    last_modified: '2026-01-01T00:00:00+00:00',
  }));
  const server = https.createServer({ cert: certificate, key }, async (request, response) => {
    await sleep(latencyMs);
    const { pathname, searchParams } = new URL(request.url, `https://${HOST}`);
    if (pathname !== '/kv' || !request.headers.authorization?.startsWith('Bearer ')) {
      return response.writeHead(pathname === '/kv' ? 401 : 404).end();
    }
    const from = Number(searchParams.get('after') ?? 0);
    const next = from + PAGE;
    const body = {
      items: items.slice(from, next),
      ...(next < count && { '@nextLink': `/kv?api-version=2023-11-01&key=*&label=%00&after=${next}` }),
    };
    response.writeHead(200, {
      'Content-Type': 'application/vnd.microsoft.appconfig.kvset+json',
      ETag: `"page${from}"`,
    });
    return response.end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { env: { BENCH_STORE_PORT: String(server.address().port), BENCH_STORE_CA: caCertificate } };
}
