import { test } from 'vitest';
import { writeFileSync, mkdirSync } from 'node:fs';
import { startEmulator } from '../../src/testing/index.js';
import { engine } from '../../src/startup/state.js';
import { secretsStatus } from '../../src/functions/handlers.js';
import { openBrowser, serve } from './support/browser.js';

test('look', async () => {
  const azure = await startEmulator({ vaults: { shop: { 'db-password': 'a', 'api-key': { value: 'b', expiresOn: new Date(Date.now() + 9 * 864e5) }, stripe: 'x', mine: 'y' }, other: { p: 'c' } } });
  const ref = (s: string, more = '') => `@KeyVault(VaultName=shop;SecretName=${s}${more && `;${more}`})`;
  Object.assign(process.env, azure.env, {
    VAULTSTRAP_REFRESH_SECONDS: '3600', VAULTSTRAP_LOG: 'silent',
    DB_PASSWORD: ref('db-password'), DB_URL: `postgres://app:${ref('db-password', 'Encode=uri')}@db/shop`,
    API_KEY: ref('api-key'), STRIPE: ref('stripe'), MINE: ref('mine'),
    FEATURE_FLAGS: ref('flags', 'Default=none'), SENTRY_DSN: ref('sentry', 'Optional=true'),
    '<script>alert(1)</script>': ref('mine'), ['VERY_LONG_'.repeat(30)]: ref('mine'),
    FROM_PLATFORM: 'z',
    WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({ FROM_PLATFORM: { rawReference: '@Microsoft.KeyVault(VaultName=theirs;SecretName=p)', status: 'Resolved' } }),
  });
  const e = engine();
  await e.bootstrap();
  await azure.vault('shop').delete('api-key');
  await azure.vault('shop').set('db-password', 'new');
  await azure.addFault?.({ target: 'vault', secret: 'stripe', status: 503 } as any);
  process.env['MINE'] = 'own';
  await e.refresh(); await e.refresh();
  console.log(JSON.stringify(e.report(), null, 1));
  const site = await serve(async (_p, accept) => (await secretsStatus({ headers: new Headers(accept ? { accept } : {}) } as any)) as any);
  const browser = await openBrowser('/usr/bin/chromium');
  mkdirSync('/tmp/shots', { recursive: true });
  for (const [name, o] of Object.entries({ light: { colorScheme: 'light', viewport: { width: 1200, height: 900 } }, dark: { colorScheme: 'dark', viewport: { width: 1200, height: 900 } }, phone: { colorScheme: 'dark', viewport: { width: 360, height: 740 } } })) {
    const c = await browser.newContext(o as any); const p = await c.newPage();
    p.on('console', (m) => console.log('CONSOLE', m.type(), m.text()));
    await p.goto(`${site.origin}/api/vaultstrap/status?code=k`);
    writeFileSync(`/tmp/shots/${name}.png`, await p.screenshot({ fullPage: true }));
  }
  console.log(site.asked);
  await browser.close(); await site.close(); await e.reset(); await azure.close();
});
