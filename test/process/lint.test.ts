// vaultstrap lint as people and pipelines run it.
import { existsSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createApp, type Env, NODE } from './support/app.js';
import { canary } from './support/canary.js';

const CLI = 'node_modules/vaultstrap/dist/cli.cjs';
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=pw)';
const WARNS = `{"Values":{"A":"${REFERENCE}","VAULTSTRAP_BOGUS":"1"}}`;
const FAILS = '{"Values":{"A":"@KeyVault(VaultName=shop)"}}';

async function lint(files: Readonly<Record<string, string>>, args: readonly string[] = [], env: Env = {}) {
  const app = createApp();
  app.write(files);
  return { app, ...(await app.run([CLI, 'lint', ...args], { env })) };
}

test.each([
  [
    'no findings',
    { 'local.settings.json': `{"Values":{"A":"${REFERENCE}"}}` },
    [],
    0,
    /^2 files, 1 reference, no findings\.\n$/,
  ],
  ['nothing to look at', {}, ['empty'], 0, /^Nothing to look at/],
  ['a warning', { 'local.settings.json': WARNS }, [], 0, /1 warning\.\n$/],
  ['a warning too many', { 'local.settings.json': WARNS }, ['--max-warnings', '0'], 1, /1 warning\.\n$/],
  [
    'a rule left out',
    { 'local.settings.json': WARNS },
    ['--max-warnings', '0', '--ignore-rule', 'unknown-setting'],
    0,
    /no findings\.\n$/,
  ],
  ['an error', { 'local.settings.json': FAILS }, [], 1, /1:\d+ {2}error {2}A: SecretName is missing/],
  ['one file of two', { 'local.settings.json': FAILS, '.env': `A=${REFERENCE}` }, ['.env'], 0, /^1 file, /],
])('%s', async (_name, files, args, code, output) => {
  const outcome = await lint({ 'empty/x.txt': '', ...files }, args);
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code, stderr: '' });
  expect(outcome.stdout).toMatch(output);
});

test('at the root of workspaces it says how to look at them, once they are not named', async () => {
  const files = { 'package.json': '{"workspaces":["apps/*"]}', 'apps/a/package.json': '{}' };
  const { stdout, stderr, code } = await lint(files, ['--json']);
  expect({ code, count: JSON.parse(stdout).findings.length }).toEqual({ code: 0, count: 0 });
  expect(stderr).toBe('vaultstrap: workspaces are looked at when they are named: npx vaultstrap lint apps/*\n');
  expect(await lint(files, ['apps/a'])).toMatchObject({ code: 0, stderr: '' });
  expect(await lint(files, ['.'])).toMatchObject({ code: 0, stderr: '' });
});

test.skipIf(process.platform === 'win32')(
  'a link that leads nowhere is one, and not a file that is missing',
  async () => {
    const { app } = await lint({ 'x.txt': '' });
    symlinkSync('nowhere', app.path('link.env'));
    const { code, stderr } = await app.run([CLI, 'lint', 'link.env']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'vaultstrap error: link.env is a link that leads nowhere.\n' });
  },
);

test('a Node that is too old is said, and not what it does not know', async () => {
  const app = createApp();
  const versions = "{ value: { ...process.versions, node: '20.20.2' } }";
  app.write({ 'old.cjs': `Object.defineProperty(process, 'versions', ${versions});` });
  for (const args of [['lint'], ['doctor'], ['import', '.env', '--vault', 'shop']]) {
    const { code, stdout, stderr } = await app.run(['-r', './old.cjs', CLI, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^vaultstrap error: .*Node 20\.20\.2 is too old.*22\.13 or newer.*\n$/);
  }
  expect(await app.run(['-r', './old.cjs', CLI, 'lint', '--help'])).toMatchObject({ code: 0, stderr: '' });
});

test('options without a file behind them take no time', async () => {
  // Each of them doubled the work. The process is given up after its limit.
  const start = `node ${'--enable-source-maps '.repeat(60)}`;
  const { code, stderr } = await lint({ 'package.json': JSON.stringify({ scripts: { start } }) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  [['--format', 'xml'], 'It is one of text, json'],
  [['--json', '--format', 'sarif'], 'exclude each other'],
  [['--max-warnings', 'many'], 'whole number'],
  [['--ignore-rule', 'pined-version'], 'Did you mean pinned-version?'],
  [['no-such-file.env'], 'does not exist'],
  [[''], 'the name of a file is empty'],
  [['--ignore-rule', 'schedule, pined-version'], 'there is no rule pined-version.'],
  [['probe.txt'], 'of no kind that lint knows'],
])('usage: %j', async (args, message) => {
  const { code, stdout, stderr } = await lint({ 'probe.txt': '' }, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

test.each([
  [{ GITHUB_ACTIONS: 'true' }, /^::error file=local\.settings\.json,line=1,/],
  [{ TF_BUILD: 'True' }, /^##vso\[task\.logissue type=error;sourcepath=local\.settings\.json;/],
  [{}, /^local\.settings\.json\n {2}1:/],
])('annotations by themselves: %j', async (env, output) => {
  expect((await lint({ 'local.settings.json': FAILS }, [], env)).stdout).toMatch(output);
  // What is asked for wins.
  const json = await lint({ 'local.settings.json': FAILS }, ['--json'], env);
  expect(JSON.parse(json.stdout)).toMatchObject({ errors: 1, findings: [{ rule: 'reference-syntax', line: 1 }] });
});

test('annotations name files from the top of the checkout', async () => {
  const app = createApp();
  app.write({ 'api/local.settings.json': FAILS });
  const run = (env: Env) => app.run([app.path(CLI), 'lint'], { cwd: app.path('api'), env });
  expect((await run({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: app.dir })).stdout).toContain(
    '::error file=api/local.settings.json,',
  );
  expect((await run({ TF_BUILD: 'True', BUILD_SOURCESDIRECTORY: app.dir })).stdout).toContain(
    ';sourcepath=api/local.settings.json;',
  );
  expect((await run({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: app.path('other') })).stdout).toContain(
    '::error file=local.settings.json,',
  );
});

test('nothing of the app is executed', async () => {
  const evil = "require('node:fs').writeFileSync('executed', '');";
  const { app, code } = await lint({
    'package.json': '{"main":"main.js","scripts":{"start":"node main.js"}}',
    'main.js': `require('vaultstrap/register'); require('./esbuild.config.js'); ${evil}`,
    'esbuild.config.js': evil,
    '.env': `A=${REFERENCE}`,
  });
  expect(code).toBe(0);
  expect(existsSync(app.path('executed'))).toBe(false);
});

test('secrets are found and not shown, in whatever format', async () => {
  // What the process prints is searched for it.
  const key = canary('storage-account-key');
  const files = { '.env': `A="AccountName=shop;AccountKey=${key}"\nB=postgres://app:${key}@db.contoso.com/shop\n` };
  for (const format of ['text', 'json', 'github', 'azure', 'sarif']) {
    const { stdout } = await lint(files, ['--format', format]);
    expect(stdout.match(/plaintext-secret/g)?.length, stdout).toBeGreaterThanOrEqual(2);
  }
});

test.skipIf(process.platform === 'win32')('a reader that goes away is no fault, whichever command writes', async () => {
  const app = createApp();
  const many = Array.from({ length: 3000 }, (_, i) => `S${i}=@KeyVault(oops)`).join('\n');
  app.write({ 'pipe/many.env': many, 'pipe/package.json': '{ "main": "a.js" }', 'pipe/a.js': 'run();' });
  for (const command of ['lint many.env', 'lint --json many.env', 'init --dry-run', '--help', 'check -e many.env']) {
    const script = `"${NODE}" ../node_modules/vaultstrap/dist/cli.cjs ${command} | head -c 1`;
    const { stderr } = await app.run(['-c', script], { command: 'sh', cwd: app.path('pipe') });
    expect({ command, stderr }).toEqual({ command, stderr: '' });
  }
});

test('plain when piped, coloured when asked', async () => {
  expect((await lint({ 'local.settings.json': FAILS })).stdout).not.toContain('\u001b[');
  expect((await lint({ 'local.settings.json': FAILS }, [], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[31m');
});

/** Each took minutes, or for ever, by patterns that began anew at every opening, or tried every way of matching. */
const many = (text: string) => text.repeat(60_000);
test('files that are written to keep it busy', async () => {
  const manifest = (main: string) => JSON.stringify({ main });
  const long = 'a'.repeat(100);
  const files = {
    'comments.tf': many('/* '),
    'heredocs.tf': many('x = <<EOF\n'),
    'lines.tf': `a = <<EOF${many('\n')}`,
    'quotes.tf': `"${many('\\"')}`,
    'comments.bicep': many('/* '),
    'quotes.bicep': `'${many("\\'")}`,
    'stars/host.json': '{}',
    'stars/package.json': manifest(`dist/${'*a'.repeat(60)}b`),
    [`stars/dist/${long}.js`]: '',
    'groups/host.json': '{}',
    'groups/package.json': manifest('dist/@(+(a)+(a)+(a)+(a)+(a)+(a)|x)*b.js'),
    [`groups/dist/${long}.js`]: '',
    'depths/host.json': '{}',
    'depths/package.json': manifest(`${'**/a/'.repeat(20)}b.js`),
    [`depths/${'a/'.repeat(60)}c.js`]: '',
    'nul/host.json': '{}',
    'nul/package.json': manifest('a\0b'),
  };
  const { code, stderr, stdout } = await lint(files, ['.', 'stars', 'groups', 'depths', 'nul']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('\n11 files, 0 references, 4 warnings.\n');
});
