// The repository keeps what SECURITY.md and docs/threat-model.md say of it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('the threat model', () => {
  const text = read('docs/threat-model.md');
  const threats = /## Threats\n\n([\s\S]*?)\n\n/.exec(text)?.[1]?.split('\n').slice(2) ?? [];

  test('names a test for each threat', () => {
    expect(threats.length).toBeGreaterThan(20);
    for (const row of threats) expect(row.split('|').at(-2), row).toMatch(/`test\/[a-z/-]+\.test\.ts`/);
  });

  test('names tests and settings that exist', () => {
    const named = [...`${text}${read('SECURITY.md')}`.matchAll(/`((?:test|docs|\.github)\/[\w./-]+)`/g)].map(
      ([, file = '']) => file,
    );
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
    const readme = read('README.md');
    for (const [setting] of text.matchAll(/VAULTSTRAP_[A-Z_]+/g)) expect(readme, setting).toContain(setting);
  });

  test('is found from the README, and its picture is there', () => {
    expect(read('README.md')).toContain('](docs/threat-model.md)');
    expect(read('docs/trust.svg')).toMatch(/<title id="t">/);
  });
});

describe.each(readdirSync(path.join(root, '.github/workflows')))('workflow %s', (file) => {
  const text = read(`.github/workflows/${file}`);
  const lines = text.split('\n');

  test('pins every action by commit, and says which version that is', () => {
    const uses = lines.filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('begins without rights, knows no secret, and leaves no token in the clone', () => {
    expect(text).toMatch(/^permissions: \{\}$/m);
    expect(text).not.toMatch(/\bsecrets\.|pull_request_target|workflow_run/);
    const clones = text.split('actions/checkout@').slice(1);
    for (const clone of clones) expect(clone.split('- uses:')[0]).toContain('persist-credentials: false');
    const jobs = text
      .split(/^ {2}[a-z]+:$/m)
      .slice(1)
      .filter((job) => job.includes('runs-on:'));
    for (const job of jobs) expect(job).toMatch(/timeout-minutes:[\s\S]*permissions:/);
  });

  test('puts nothing from outside into a shell', () => {
    for (const [, script = ''] of text.matchAll(/run: (\|(?:\n {10,}.*)+|.*)/g)) expect(script).not.toContain('${{');
  });
});

test('what publishes has no code of ours beside it, and no rights but those it needs', () => {
  const [, publish = ''] = /^ {2}publish:\n([\s\S]*?)^ {2}release:/m.exec(read('.github/workflows/release.yml')) ?? [];
  expect(publish).toContain('npm publish');
  expect(publish).toContain('--ignore-scripts');
  expect(publish).not.toMatch(/checkout|npm (ci|install|run)|contents:/);
});

test('the lock file has every platform of the tools that have one, and no address', () => {
  const lock = read('package-lock.json');
  for (const tool of ['@biomejs/cli', '@esbuild/']) {
    for (const platform of ['linux-x64', 'darwin-arm64', 'win32-x64'])
      expect(lock).toMatch(new RegExp(`"node_modules/${tool}[-]?${platform}"`));
  }
  expect(JSON.parse(lock).packages['node_modules/dotenv-expand'].version).toBe('13.0.0');
});
