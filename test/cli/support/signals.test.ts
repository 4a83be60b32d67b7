import { describe, expect, test } from 'vitest';
import { heededSignals, mustForward, readsForeground } from '../../../src/cli/support/signals.js';

const yes = () => true;
const no = () => false;

test.each([
  ['SIGINT', 'linux', yes, false],
  ['SIGQUIT', 'darwin', yes, false],
  ['SIGINT', 'linux', no, true],
  ['SIGTERM', 'linux', yes, true],
  ['SIGHUP', 'linux', yes, true],
  ['SIGUSR1', 'linux', no, true],
  // There, kill(SIGINT) is TerminateProcess, and the console has told the command already.
  ['SIGINT', 'win32', no, false],
  ['SIGBREAK', 'win32', yes, false],
] as const)('%s on %s is forwarded: %#', (signal, platform, inForeground, expected) => {
  expect(mustForward(signal, platform, inForeground)).toBe(expected);
});

test('Windows knows SIGBREAK, and nothing that Node could not listen to', () => {
  expect(heededSignals('win32')).toEqual(['SIGINT', 'SIGBREAK', 'SIGHUP']);
  expect(heededSignals('linux')).toContain('SIGTERM');
});

describe('proc_pid_stat(5)', () => {
  test.each([
    ['the foreground group of its terminal', '7 (node) S 1 7 7 34816 7 4194304 0', true],
    ['in the background', '7 (node) S 1 7 5 34816 5 4194304 0', false],
    ['without a terminal', '7 (node) S 1 7 7 0 -1 4194304 0', false],
    ['a name that imitates the fields', '7 (x) S 1 9 9 9 9) S 1 7 7 0 -1 0', false],
  ])('%s', (_what, stat, expected) => {
    expect(readsForeground(stat)).toBe(expected);
  });
});
