// What a report says in few words, on a page and in a terminal alike.
import { describe, expect, test } from 'vitest';
import { factsOf, inOrder, moodOf, moodOfSetting, remarksOn, sourceOf } from '../../src/report/describe.js';
import type { Report, SettingReport } from '../../src/report/types.js';
import { NOW_MS } from '../helpers/fixtures.js';

const GOOD: SettingReport = { setting: 'VS_A', status: 'Resolved', pinned: false, origin: 'reference' };
const NOTHING_ASKED = { token: 0, vault: 0, unauthorized: 0 };
const at = (seconds: number) => new Date(NOW_MS + seconds * 1000).toISOString();

describe('a mood', () => {
  test('of a process', () => {
    expect((['failed', 'degraded', 'ready', 'idle'] as const).map(moodOf)).toEqual(['bad', 'fair', 'good', 'good']);
  });

  const ABSENT = { status: 'SecretNotFound', code: 'ERR_SECRET_NOT_FOUND' } as const;
  test.each<[Partial<SettingReport>, inAFailedOne: string, inAReadyOne?: string]>([
    [{}, 'good'],
    [{ status: 'Initialized' }, 'good'],
    [{ kept: true }, 'fair', 'fair'],
    [{ overridden: true }, 'fair', 'fair'],
    [{ kept: true, wouldFailAtStart: true }, 'bad', 'bad'],
    [{ ...ABSENT, usedDefault: true }, 'good'],
    [{ ...ABSENT, optional: true }, 'good'],
    [{ ...ABSENT }, 'bad'],
    [{ status: 'FetchTimedOut', optional: true }, 'bad'],
    [{ status: 'FetchTimedOut' }, 'bad'],
  ])('of %o', (more, failed, ready = 'good') => {
    const setting = { ...GOOD, ...more };
    expect(moodOfSetting(setting, { status: 'failed' })).toBe(failed);
    // What a start that succeeded did without is no trouble.
    expect(moodOfSetting(setting, { status: 'ready' })).toBe(ready);
  });
});

test('the worst stand first, and of as bad ones the first by name', () => {
  const of = (setting: string, more: Partial<SettingReport> = {}) => ({ ...GOOD, setting, ...more });
  const bad = { status: 'FetchTimedOut' } as const;
  const settings = [
    of('C'),
    of('A'),
    of('B2'),
    of('b', { kept: true }),
    of('B', { kept: true }),
    of('E', bad),
    of('D', bad),
  ];
  const report: Report = { status: 'failed', generation: 0, requests: NOTHING_ASKED, settings };
  expect(inOrder(report).map(({ setting }) => setting)).toEqual(['D', 'E', 'B', 'b', 'A', 'B2', 'C']);
  expect(settings[0]?.setting).toBe('C');
});

test.each<[Partial<SettingReport>, string]>([
  [{ vault: 'shop', secret: 'pw' }, 'shop/pw'],
  [{ vault: 'shop', secret: 'pw', origin: 'template' }, 'shop/pw'],
  [{ origin: 'template' }, 'template'],
  [{}, ''],
])('%o comes from %j', (more, source) => {
  expect(sourceOf({ ...GOOD, ...more })).toBe(source);
});

test.each<[Partial<SettingReport>, ...remarks: [text: string, isNotable?: true][]]>([
  [{}],
  [{ ageSeconds: 0 }, ['read 0 s ago']],
  [{ ageSeconds: 61, pinned: true }, ['read 1 min 1 s ago'], ['pinned to a version']],
  [{ origin: 'platform' }, ['from the platform']],
  [{ origin: 'inherited', file: true }, ['inherited'], ['in a file']],
  [{ kept: true, status: 'OtherReasons' }, ['kept: the newest value could not be had', true]],
  [
    { kept: true, status: 'Initialized' },
    ['kept: what the platform resolved, which cannot be read again from here', true],
  ],
  [{ usedDefault: true }, ['default used', true]],
  [{ unset: true }, ['unset', true]],
  [{ unset: true, optional: true }, ['optional, unset']],
  [{ optional: true }],
  [{ overridden: true }, ['overridden by the app, left alone', true]],
  [{ wouldFailAtStart: true }, ['a restart now would fail', true]],
  [{ notBefore: at(60) }, ['becomes valid in 1 min', true]],
  [{ expiresOn: at(60) }, ['expires in 1 min']],
  [{ expiresOn: at(0) }, ['expired 0 s ago', true]],
  [{ expiresOn: at(-3600) }, ['expired 1 h ago', true]],
])('of %o is remarked', (more, ...remarks) => {
  expect(remarksOn({ ...GOOD, ...more }, NOW_MS)).toEqual(remarks);
});

describe('facts', () => {
  const IDLE: Report = { status: 'idle', generation: 0, requests: NOTHING_ASKED, settings: [] };
  const of = (more: Partial<Report>) => factsOf({ ...IDLE, ...more }).slice(1);

  test('of a process that has done nothing', () => {
    expect(factsOf(IDLE)).toEqual([{ label: 'Generation', text: '0' }]);
  });

  test.each<[Partial<Report>, object]>([
    [{ identity: { source: 'imds' } }, { label: 'Identity', text: 'imds, system-assigned' }],
    [
      { identity: { source: 'azure-cli', id: 'mine', credential: 'AzureCliCredential' } },
      { label: 'Identity', text: 'azure-cli, mine, by AzureCliCredential' },
    ],
    [{ startedAt: at(0) }, { label: 'Started', at: at(0) }],
    [
      { startedAt: at(0), durationMs: 0 },
      { label: 'Started', at: at(0), text: 'in 0 ms' },
    ],
    [{ lastRefreshAt: at(1) }, { label: 'Last read', at: at(1) }],
    [{ nextRefreshAt: at(2) }, { label: 'Next read', at: at(2) }],
    [{ requests: { ...NOTHING_ASKED, token: 1 } }, { label: 'Requests', text: '1 for tokens, 0 to vaults' }],
    [
      { requests: { token: 0, vault: 2, unauthorized: 1 } },
      { label: 'Requests', text: '0 for tokens, 2 to vaults, 1 unauthorized' },
    ],
    [{ relaxations: ['VAULTSTRAP_A', 'VAULTSTRAP_B'] }, { label: 'Relaxed by', text: 'VAULTSTRAP_A, VAULTSTRAP_B' }],
  ])('%j', (more, fact) => {
    expect(of(more)).toEqual([fact]);
  });
});
