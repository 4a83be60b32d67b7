import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentSecurityPolicy, renderHtml } from '../../src/report/html.js';
import { renderText } from '../../src/report/text.js';
import type { Report, SettingReport } from '../../src/report/types.js';
import { anyCharacter } from '../helpers/any-text.js';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
const RESOLVED: SettingReport = {
  setting: 'DB_PASSWORD',
  status: 'Resolved',
  vault: 'shop',
  secret: 'db-password',
  version: '1'.repeat(32),
  pinned: false,
  origin: 'reference',
  resolvedAt: '2026-11-21T11:59:00.000Z',
  ageSeconds: 60,
  expiresOn: '2026-12-01T12:00:00.000Z',
};
const KEPT: SettingReport = {
  ...RESOLVED,
  setting: 'API_KEY',
  status: 'SecretNotFound',
  code: 'ERR_SECRET_NOT_FOUND',
  kept: true,
  wouldFailAtStart: true,
  details: "vault 'shop' has no secret 'api-key'.",
  hint: 'az keyvault secret set --vault-name shop --name api-key',
};
const REPORT: Report = {
  status: 'degraded',
  generation: 3,
  identity: { source: 'app-service-2019' },
  startedAt: '2026-11-21T11:00:00.000Z',
  durationMs: 120,
  requests: { token: 1, vault: 40, unauthorized: 2 },
  lastRefreshAt: '2026-11-21T11:59:00.000Z',
  nextRefreshAt: '2026-11-21T12:04:00.000Z',
  relaxations: ['VAULTSTRAP_ALLOWED_HOSTS'],
  settings: [RESOLVED, KEPT],
};
const IDLE: Report = {
  status: 'idle',
  generation: 0,
  requests: { token: 0, vault: 0, unauthorized: 0 },
  settings: [],
};

describe('text', () => {
  test('a line for each setting, the worst first', () => {
    expect(renderText(REPORT, { nowMs: NOW_MS })).toBe(`Status      degraded
Generation  3
Identity    app-service-2019, system-assigned
Started     2026-11-21T11:00:00.000Z, in 120 ms
Last read   2026-11-21T11:59:00.000Z
Next read   2026-11-21T12:04:00.000Z
Requests    1 for tokens, 40 to vaults, 2 unauthorized
Relaxed by  VAULTSTRAP_ALLOWED_HOSTS

API_KEY      SecretNotFound  shop/db-password, read 1 min ago, kept: the newest value could not be had, a restart now would fail, expires in 10 d
             vault 'shop' has no secret 'api-key'. (ERR_SECRET_NOT_FOUND)
             Hint: az keyvault secret set --vault-name shop --name api-key
DB_PASSWORD  Resolved        shop/db-password, read 1 min ago, expires in 10 d
`);
  });

  test('times before and behind', () => {
    const notYet = { ...RESOLVED, notBefore: '2026-11-21T12:05:00.000Z', expiresOn: '2026-11-21T11:00:00.000Z' };
    const text = renderText({ ...REPORT, settings: [notYet] }, { nowMs: NOW_MS });
    expect(text).toContain('read 1 min ago, becomes valid in 5 min, expired 1 h ago');
    const platform = { ...KEPT, status: 'Initialized' as const };
    expect(renderText({ ...REPORT, settings: [platform] })).toContain('kept: what the platform resolved');
  });

  test('what several have in common is said once, below the last of them', () => {
    const denied = {
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_NOT_FOUND',
      pinned: false,
      origin: 'reference',
    } as const;
    const alike = ['A', 'B', 'C'].map((setting) => ({
      ...denied,
      setting,
      details: setting === 'C' ? 'another.' : 'none.',
      hint: 'Sign in.',
    }));
    expect(renderText({ ...REPORT, status: 'failed', settings: alike }, { nowMs: NOW_MS })).toMatch(
      /\nA .*\nB .*\n {3}none\. \(ERR_IDENTITY_NOT_FOUND\)\n {3}Hint: Sign in\.\nC .*\n {3}another\. .*\n {3}Hint: Sign in\.\n$/,
    );
  });

  test('nothing to resolve', () => {
    expect(renderText(IDLE)).toBe('Status      idle\nGeneration  0\n');
  });

  test('colours on request only', () => {
    expect(renderText(REPORT)).not.toContain('\u001b');
    expect(renderText(REPORT, { color: true })).toContain('\u001b[31mSecretNotFound\u001b[0m');
    expect(renderText(REPORT, { color: true })).toContain('\u001b[33mdegraded\u001b[0m');
  });
});

describe('page', () => {
  const page = renderHtml(REPORT, NOW_MS);

  test('its one style is the one that the policy allows', () => {
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(contentSecurityPolicy()).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(style).toContain('prefers-color-scheme:dark');
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  });

  test('needs nothing but itself', () => {
    expect(page).not.toMatch(/<script|<link|<img|<form|<iframe|\son\w+=|style=|\b(?:src|href|url)\s*[=(]/i);
  });

  test('says what there is to say', () => {
    for (const text of [
      'degraded',
      'DB_PASSWORD',
      'API_KEY',
      'a restart now would fail',
      'expires in 10 d',
      'Hint: az',
    ]) {
      expect(page).toContain(text);
    }
    expect(page.indexOf('API_KEY')).toBeLessThan(page.indexOf('DB_PASSWORD'));
    expect(renderHtml(IDLE)).toContain('There is nothing to resolve.');
  });

  test('whatever a setting is called, it is text', () => {
    const odd = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom(
        '<script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "'&amp;",
        '\u001b[31m',
        '\u202egnp',
        '</style>',
      ),
    );
    const shape = (html: string) => html.match(/<[^>]*>/g);
    fc.assert(
      fc.property(odd, odd, odd, (setting, details, relaxation) => {
        const strange = (text: string) => ({ ...REPORT, relaxations: [text], settings: [{ ...KEPT, setting: text }] });
        const report = {
          ...REPORT,
          relaxations: [relaxation],
          settings: [{ ...KEPT, setting, details: `${details}.` }],
        };
        const html = renderHtml(report, NOW_MS);
        expect(shape(html)).toEqual(shape(renderHtml(strange('X'), NOW_MS)));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(html.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        const text = renderText(report, { nowMs: NOW_MS });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
        expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        expect(text.split('\n')).toHaveLength(13);
      }),
    );
  });
});
