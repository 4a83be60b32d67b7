import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shellWord } from '../../../src/cli/support/shell-word.js';

describe('shellWord', () => {
  test('leaves what needs no quotes, and prefers those that every shell knows', () => {
    expect(shellWord('dist/index.js')).toBe('dist/index.js');
    expect(shellWord('größe.js')).toBe('größe.js');
    expect(shellWord('my app.js')).toBe('"my app.js"');
    expect(shellWord("it's;me")).toBe('"it\'s;me"');
    expect(shellWord('')).toBe('""');
    expect(shellWord('C:\\my app\\main.js')).toBe('"C:\\my app\\main.js"');
  });

  test.skipIf(process.platform === 'win32')('a shell reads the text itself', () => {
    for (const text of [
      'a b',
      "it's",
      '$HOME `id`',
      'a"b',
      'a\\',
      'a\\\\b',
      'a\\b',
      '!x',
      '*',
      '~',
      '#a',
      '$\'"',
      '(a;b)',
    ]) {
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
    }
  });
});
