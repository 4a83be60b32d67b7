// biome-ignore-all lint/performance/useDomNodeTextContent: what is shown is what counts
// The status page, as a browser shows it: what the real handler answers after a real start against the embedded Azure.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { HttpRequest } from '@azure/functions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { secretsStatus } from '../../src/functions/handlers.js';
import { duration } from '../../src/report/duration.js';
import { contentSecurityPolicy } from '../../src/report/html.js';
import type { Report, SettingReport } from '../../src/report/types.js';
import { engine } from '../../src/startup/state.js';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { keepEnvironment } from '../helpers/environment.js';
import { ref } from '../helpers/fixtures.js';
import {
  type Answer,
  type Browser,
  findChromium,
  HOW_TO_INSTALL,
  openBrowser,
  type Page,
  type Site,
  serve,
} from './support/browser.js';
import { inspectPage } from './support/inspect.js';

const chromium = findChromium();
/** Set to a folder, to look at what the tests have looked at. */
const SCREENSHOTS = process.env['VAULTSTRAP_TEST_SCREENSHOTS'];
const CANARY = 'c4nary-of-the-status-page';
const DAY_MS = 86_400_000;
const STATUS = '/api/vaultstrap/status?code=of-the-function';

const WIDE = { width: 1200, height: 900 };
const PHONE = { width: 360, height: 740 };

const HOSTILE_NAMES = [
  '<script>alert(1)</script>',
  '"><b onclick>bold</b>',
  "</style><style>*{display:none}</style>'",
  '&lt;b&gt;&amp;',
  'REVERSED_\u202eDROWSSAP',
  `VERY_LONG_${'AND_LONGER_'.repeat(40)}`,
];

const names = ({ settings }: Report) => settings.map(({ setting }) => setting);

describe.skipIf(!chromium)(`status page${chromium ? '' : `: SKIPPED, ${HOW_TO_INSTALL}`}`, () => {
  const restore = keepEnvironment();
  let azure: Emulator;
  let browser: Browser;
  let site: Site;
  /** How long after the start the page is asked for. */
  let laterMs = 0;
  let reported: Report;

  beforeAll(async () => {
    const secrets = Object.fromEntries(['db-password', 'api-key', 'stripe', 'mine'].map((name) => [name, CANARY]));
    const mail = { value: CANARY, expiresOn: new Date(Date.now() + 9.5 * DAY_MS) };
    [azure, browser, site] = await Promise.all([
      startEmulator({ vaults: { shop: { ...secrets, mail } } }),
      openBrowser(chromium as string),
      serve(answer),
    ]);
  });
  beforeEach(() => {
    site.asked.length = 0;
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });
  afterAll(async () => {
    await stop();
    await Promise.all([browser?.close(), site?.close(), azure?.close()]);
  });

  /** What the function answers, or a page that does what ours must never do. */
  async function answer(url: string, accept?: string): Promise<Answer> {
    if (url === '/naughty') return NAUGHTY;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + laterMs });
    try {
      reported = engine().report();
      const request = { headers: new Headers(accept ? { accept } : {}) } as unknown as HttpRequest;
      return (await secretsStatus(request)) as Answer;
    } finally {
      vi.useRealTimers();
    }
  }

  async function stop(): Promise<void> {
    laterMs = 0;
    await engine().reset();
    restore();
  }

  async function start(settings: Readonly<Record<string, string>>): Promise<void> {
    await stop();
    Object.assign(process.env, azure.env, { VAULTSTRAP_LOG: 'silent', VAULTSTRAP_REFRESH_SECONDS: '86400' }, settings);
    await engine().bootstrap();
  }

  /** Opens the page. `problems`: whatever the browser complains of, refuses, asks for or runs. */
  async function open({ url = STATUS, viewport = WIDE, colorScheme = 'light' as 'light' | 'dark' } = {}) {
    const context = await browser.newContext({ viewport, colorScheme, isMobile: viewport === PHONE });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      dialog.dismiss().catch(() => {});
    });
    page.on('request', (request) => {
      if (request.url() !== `${site.origin}${url}`) problems.push(`request: ${request.url()}`);
    });
    const response = await page.goto(`${site.origin}${url}`);
    return { page, problems, response, text: await page.locator('body').innerText() };
  }

  async function keepScreenshot(page: Page, name: string): Promise<void> {
    if (!SCREENSHOTS) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
  }

  test('the browser would tell of whatever the page must not do', async () => {
    const { page, problems } = await open({ url: '/naughty' });
    expect(problems.filter((problem) => /violates|refused/i.test(problem)).length, problems.join('\n')).toBe(4);
    expect(await page.evaluate(`getComputedStyle(document.querySelector('h1')).color`)).toBe('rgb(0, 0, 0)');
    expect(site.asked).toEqual(['GET /naughty']);
  });

  test('ready: nothing but our own text', async () => {
    await start({ DB_PASSWORD: ref('db-password') });
    laterMs = 75_000;
    const { page, problems, response, text } = await open();
    await keepScreenshot(page, 'ready');
    const [setting] = reported.settings as [SettingReport];
    const day = (iso = '') => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
    expect(text.replace(/\d+ (?:min|h|s)( \d+ (?:min|s))?(?= ago)/g, '75 s').split(/\n+/)).toEqual([
      'vaultstrap',
      '● ready',
      'Generation',
      '1',
      'Identity',
      'app-service-2019, system-assigned',
      'Started',
      '75 s ago',
      `${day(reported.startedAt)}, in ${reported.durationMs} ms`,
      'Last read',
      '75 s ago',
      day(reported.lastRefreshAt),
      'Next read',
      expect.stringMatching(/^(in )?\d+ (h|min|s)/),
      day(reported.nextRefreshAt),
      'Requests',
      '1 for tokens, 1 to vaults',
      'Relaxed by',
      'VAULTSTRAP_VAULT_ENDPOINT, VAULTSTRAP_VAULT_CA',
      'Settings',
      '1 in order',
      'DB_PASSWORD',
      '● Resolved',
      'shop/db-password',
      'read 75 s ago',
      `version ${setting.version}`,
      expect.stringMatching(/^As the one process that answered sees it, [-\d]{10} [:\d]{8} UTC\.$/),
    ]);
    expect(await page.title()).toBe('vaultstrap: ready');
    expect(response?.status()).toBe(200);
    expect(problems).toEqual([]);
  });

  test('failed: which settings, and what to do', async () => {
    await expect(
      start({ DB_PASSWORD: ref('db-password'), GONE: ref('gone'), TYPO: '@KeyVault(Secret)' }),
    ).rejects.toThrow();
    const { page, problems, response, text } = await open({ viewport: PHONE });
    await keepScreenshot(page, 'failed');
    expect(response?.status()).toBe(503);
    expect(text).toMatch(/✕ failed.*GONE\n+✕ SecretNotFound.*TYPO\n+✕ InvalidSyntax/s);
    expect(text).toContain("vault 'shop' has no secret 'gone'.");
    // Of the answer's own status, by which a monitor sees it.
    expect(problems.filter((problem) => !problem.includes('503'))).toEqual([]);
  });

  test('nothing to resolve', async () => {
    await start({});
    expect((await open()).text).toMatch(/^vaultstrap\n+● idle\n.*There is nothing to resolve\./s);
  });

  test('a hundred settings', async () => {
    const many = Array.from({ length: 100 }, (_, index) => [`SETTING_${String(index).padStart(3, '0')}`, ref('mine')]);
    await start(Object.fromEntries(many));
    const { page, problems, text } = await open({ viewport: PHONE });
    await keepScreenshot(page, 'hundred');
    expect(problems).toEqual([]);
    expect(text).toContain('100 in order');
    expect(await page.getByRole('heading', { level: 3 }).allInnerTexts()).toEqual(many.map(([name]) => name));
    expect(await page.evaluate(inspectPage)).toMatchObject({ width: PHONE.width, scrollWidth: PHONE.width });
  });

  /** Everything that can happen to a setting of a running process. */
  describe('degraded', () => {
    beforeAll(async () => {
      const platform = { rawReference: '@Microsoft.KeyVault(VaultName=theirs;SecretName=p)', status: 'Resolved' };
      await start({
        DB_PASSWORD: ref('db-password'),
        DB_URL: `postgres://app:${ref('db-password', 'Encode=uri')}@db/shop`,
        API_KEY: ref('api-key'),
        MAIL_KEY: ref('mail'),
        STRIPE_KEY: ref('stripe'),
        OVERRIDDEN: ref('mine'),
        FEATURE_FLAGS: ref('flags', 'Default=none'),
        SENTRY_DSN: ref('sentry', 'Optional=true'),
        FROM_PLATFORM: CANARY,
        WEBSITE_KEYVAULT_REFERENCES: JSON.stringify({ FROM_PLATFORM: platform }),
        ...Object.fromEntries(HOSTILE_NAMES.map((name) => [name, ref('mine')])),
      });
      await azure.vault('shop').delete('api-key');
      await azure.vault('shop').set('db-password', `${CANARY}-new`);
      await azure.faults.add({ target: 'vault', secret: 'stripe', status: 503 });
      process.env['OVERRIDDEN'] = "the app's own";
      await engine().refresh();
      await engine().refresh();
      laterMs = 75_000;
    });

    test('what became of every setting, and why one is kept', async () => {
      const { page, problems, response, text } = await open();
      expect(response?.status()).toBe(200);
      expect(problems).toEqual([]);
      expect(site.asked).toEqual([`GET ${STATUS}`]);
      expect(await page.locator('script, link, img, iframe, form, object, embed, [style], [onerror]').count()).toBe(0);
      expect(await page.locator('style').count()).toBe(1);
      expect(text).toContain('▲ degraded');
      expect(text).toContain('1 in trouble, 3 worth a look, 11 in order');
      expect(await page.content()).not.toContain(CANARY);

      const cards = new Map<string, string>();
      for (const card of await page.getByRole('listitem').all()) {
        cards.set(await card.getByRole('heading', { level: 3 }).innerText(), await card.innerText());
      }
      const shownAs = (name: string) => name.replace('\u202e', '\\u{202e}');
      expect([...cards.keys()].sort()).toEqual(names(reported).map(shownAs).sort());
      for (const { setting, status, vault, secret, version, ageSeconds } of reported.settings) {
        const card = cards.get(shownAs(setting));
        expect(card).toContain(status);
        expect(card).toContain(`${vault}/${secret}`);
        if (version) expect(card).toContain(`version ${version}`);
        if (ageSeconds) expect(card).toContain(`read ${duration(ageSeconds)} ago`);
      }
      const [first] = cards.keys();
      expect(first).toBe('API_KEY');
      expect(cards.get('API_KEY')).toMatch(/Kept: the newest value could not be had\n+A restart now would fail\n/);
      expect(cards.get('API_KEY')).toMatch(
        /vault 'shop' has no secret 'api-key'. ERR_SECRET_NOT_FOUND\n+Hint: Check the name/,
      );
      expect(cards.get('STRIPE_KEY')).toMatch(/Kept: the newest value could not be had\n.*503/s);
      expect(cards.get('STRIPE_KEY')).not.toContain('restart');
      expect(cards.get('MAIL_KEY')).toContain('expires in 9 d');
      expect(cards.get('OVERRIDDEN')).toContain('Overridden by the app, left alone');
      expect(cards.get('FEATURE_FLAGS')).toContain('Default used');
      expect(cards.get('SENTRY_DSN')).toContain('optional, unset');
      expect(cards.get('FROM_PLATFORM')).toMatch(/▲ Initialized.*Kept: what the platform resolved/s);
    });

    test.each([
      ['wide', 'light', WIDE],
      ['wide', 'dark', WIDE],
      ['phone', 'light', PHONE],
      ['phone', 'dark', PHONE],
    ] as const)('readable: %s, %s', async (device, colorScheme, viewport) => {
      const { page } = await open({ viewport, colorScheme });
      await keepScreenshot(page, `degraded-${device}-${colorScheme}`);
      const { texts, width, scrollWidth } = await page.evaluate(inspectPage);
      const isDark = colorScheme === 'dark';
      expect(texts.filter(({ className }) => className.startsWith('state '))).toHaveLength(
        1 + reported.settings.length,
      );
      expect(texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
      expect(texts.filter(({ fontPx }) => fontPx < 14)).toEqual([]);
      expect(
        texts.filter(({ background }) => isDark === channelsOf(background).some((channel) => channel > 127)),
      ).toEqual([]);
      expect(width).toBe(viewport.width);
      expect(scrollWidth).toBe(width);
      expect(texts.filter(({ right }) => right > width)).toEqual([]);
    });

    test('good and bad differ, and not by colour alone', async () => {
      const { page } = await open();
      const { texts } = await page.evaluate(inspectPage);
      const colors = ['bad', 'fair', 'good'].map(
        (mood) => texts.find(({ className }) => className === `state ${mood}`)?.color,
      );
      expect(new Set(colors).size).toBe(3);
      const signs = await page.locator('li .state').allInnerTexts();
      expect(new Set(signs.map((sign) => sign[0]))).toEqual(new Set(['✕', '▲', '●']));
    });

    test('a screen reader finds its way', async () => {
      const { page } = await open();
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.getByRole('main').count()).toBe(1);
      expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual([
        expect.stringMatching(/^vaultstrap\s+▲ degraded$/),
      ]);
      expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Settings']);
      expect(await page.getByRole('list').getByRole('listitem').count()).toBe(reported.settings.length);
      const terms = await page.getByRole('term').allInnerTexts();
      expect(terms).toEqual(['Generation', 'Identity', 'Started', 'Last read', 'Next read', 'Requests', 'Relaxed by']);
      expect(await page.getByRole('definition').count()).toBe(terms.length);
      // The signs repeat what the words say.
      expect(await page.locator('body').ariaSnapshot()).not.toMatch(/[✕▲●]/);
    });
  });
});

const channelsOf = (color: string) => color.match(/\d+/g)?.map(Number) ?? [];

const NAUGHTY: Answer = {
  status: 200,
  headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': contentSecurityPolicy() },
  body: `<!doctype html><title>naughty</title><style>h1{color:red}</style><h1 style="color:red">naughty</h1>
<img src="/pixel.png"><script>alert(1)</script>`,
};
