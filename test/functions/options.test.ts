import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkRotationOptions, rotationSchedule } from '../../src/functions/options.js';

afterEach(() => vi.unstubAllEnvs());

describe('options of registerRotation', () => {
  test.each<[unknown]>([
    [{}],
    [{ timer: true, events: true, status: true, maxAgeSeconds: 1 }],
    [{ timer: false, events: false, status: undefined, maxAgeSeconds: 86_400 }],
    [{ timer: {} }],
    [{ timer: { runOnStartup: true, useMonitor: false } }],
    [{ timer: { runOnStartup: undefined } }],
    [{ timer: true, schedule: '0 */5 * * * *' }],
    [{ timer: true, schedule: '0 30 9-17/2 * Jan-Mar Mon,Wed' }],
    [{ timer: true, schedule: '*/5 * * * *' }],
    [{ timer: true, schedule: '%MY_SCHEDULE%' }],
    [{ timer: true, schedule: '1.02:00:00' }],
    [{ timer: true, schedule: '00:05:00' }],
  ])('%j', (options) => {
    expect(checkRotationOptions(options)).toBe(options);
  });

  test.each<[unknown, string]>([
    [null, 'argument'],
    ['timer', 'argument'],
    [[], 'argument'],
    [{ maxAge: 3 }, 'option maxAge of registerRotation does not exist. Hint: Expected: one of maxAgeSeconds, timer, '],
    [{ constructor: 3 }, 'option constructor'],
    [{ maxAgeSeconds: 0 }, 'option maxAgeSeconds'],
    [{ maxAgeSeconds: 1.5 }, 'option maxAgeSeconds'],
    [{ maxAgeSeconds: 86_401 }, 'option maxAgeSeconds'],
    [{ maxAgeSeconds: '60' }, 'option maxAgeSeconds'],
    [{ maxAgeSeconds: Number.NaN }, 'option maxAgeSeconds'],
    [{ timer: 'yes' }, 'option timer'],
    [{ timer: null }, 'option timer'],
    [{ timer: { schedule: '0 * * * * *' } }, 'option timer'],
    [{ timer: { runOnStartup: 1 } }, 'option timer'],
    [{ timer: { runAtStart: true } }, 'option timer'],
    [{ events: 1 }, 'option events'],
    [{ status: 'x' }, 'option status'],
    [{ timer: true, schedule: '' }, 'option schedule'],
    [{ timer: true, schedule: 'every five minutes' }, 'option schedule'],
    [{ timer: true, schedule: '%A% ' }, 'option schedule'],
    [{ timer: true, schedule: 'at %A%' }, 'option schedule'],
    [{ timer: true, schedule: ['00:05:00'] }, 'option schedule'],
    [{ timer: true, schedule: '* * * *' }, 'option schedule'],
    [{ schedule: '0 * * * * *' }, 'option schedule of registerRotation has no timer'],
    [{ timer: false, schedule: '0 * * * * *' }, 'option schedule'],
  ])('%j is an error that names the option, and says what was expected', (options, name) => {
    const problem = /^[^.]+ (is malformed|does not exist|has no timer)\. Hint: Expected: [\w{%].+\.$/;
    expect(() => checkRotationOptions(options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(problem) }),
    );
    expect(() => checkRotationOptions(options)).toThrow(name);
  });
});

test('a VAULTSTRAP_SCHEDULE that is none is an error where the timer would take it', () => {
  vi.stubEnv('VAULTSTRAP_SCHEDULE', 'often');
  for (const timer of [true, {}]) {
    expect(() => checkRotationOptions({ timer })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_SETTING',
        message: expect.stringMatching(/^VAULTSTRAP_SCHEDULE is no schedule\. Hint: Expected: NCRONTAB/),
      }),
    );
  }
  for (const options of [{}, { timer: false }, { timer: true, schedule: '00:05:00' }]) {
    expect(checkRotationOptions(options)).toBe(options);
  }
  vi.stubEnv('VAULTSTRAP_SCHEDULE', ' 0 0 * * * * ');
  expect(checkRotationOptions({ timer: true })).toEqual({ timer: true });
});

test('the schedule: the option, the setting if it exists, five minutes', () => {
  vi.stubEnv('VAULTSTRAP_SCHEDULE', undefined);
  expect(rotationSchedule()).toBe('0 */5 * * * *');
  vi.stubEnv('VAULTSTRAP_SCHEDULE', '');
  expect(rotationSchedule()).toBe('0 */5 * * * *');
  vi.stubEnv('VAULTSTRAP_SCHEDULE', '0 0 * * * *');
  expect(rotationSchedule()).toBe('%VAULTSTRAP_SCHEDULE%');
  expect(rotationSchedule('00:10:00')).toBe('00:10:00');
});
