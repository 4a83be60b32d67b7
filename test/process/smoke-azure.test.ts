// npm run smoke:azure, which nobody can run here against Azure: its app on the embedded Azure, and its verdicts and what it
// changes against an imitation of an app, of az and of azd. Real processes, real HTTP.
import { chmodSync, cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { type App, createApp, NODE, type Outcome, startAzure } from './support/app.js';
import { canary } from './support/canary.js';

const SMOKE = path.join(root, 'scripts/smoke-azure.mjs');
const SECRET = canary('smoke');
const REFERENCE = '@KeyVault(VaultName=shop;SecretName=smoke)';
const RECORD = {
  SMOKE_PLATFORM: { rawReference: '@Microsoft.KeyVault(VaultName=shop;SecretName=smoke)', status: 'Resolved' },
};
let app: App;

beforeAll(() => {
  app = createApp({ sdk: true });
  cpSync(path.join(root, 'infra/smoke-app'), app.dir, { recursive: true });
});

const verdicts = ({ stdout }: Outcome) =>
  Object.fromEntries(
    stdout
      .split('\n')
      .map((line) => /^(pass|fail|unknown) +(.*?): /.exec(line))
      .flatMap((match) => (match ? [[match[2] as string, match[1]]] : [])),
  );

describe.skipIf(process.platform !== 'linux')('the app itself, on the embedded Azure', () => {
  const settings = (key: string) => ({
    SMOKE_OURS: REFERENCE,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of settings
    SMOKE_COMPOSED: 'before-${SMOKE_OURS}-after',
    SMOKE_PLATFORM: SECRET,
    SMOKE_KEY: key,
    WEBSITE_KEYVAULT_REFERENCES: JSON.stringify(RECORD),
  });

  test('as a web app: every premise that holds here is seen to hold', async () => {
    const azure = await startAzure({ vaults: { shop: { smoke: SECRET } } });
    onTestFinished(() => azure.close());
    const key = canary('key');
    const web = app.start(['--import', 'vaultstrap/preload', 'server.mjs'], {
      env: { ...azure.env, ...settings(key), PORT: '0' },
      limitMs: 40_000,
    });
    try {
      let printed = '';
      web.child.stdout?.on('data', (text: string) => {
        printed += text;
      });
      await web.saw('listening on ');
      const url = `http://127.0.0.1:${/listening on (\d+)/.exec(printed)?.[1]}`;
      expect((await fetch(`${url}/api/smoke`)).status).toBe(404);
      expect((await fetch(`${url}/api/smoke`, { headers: { 'x-smoke-key': 'wrong' } })).status).toBe(404);

      const outcome = await app.run([SMOKE, '--url', url, '--key', key, '--patience', '10']);
      expect(verdicts(outcome), outcome.stdout).toEqual({
        'the platform leaves @KeyVault( alone': 'pass',
        'vaultstrap resolves it': 'pass',
        'a template is composed around it': 'pass',
        'the platform resolves @Microsoft.KeyVault( before us': 'pass',
        'both spellings give the same bytes': 'pass',
        'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source': 'pass',
        'what the platform resolved is adopted, and rotates': 'pass',
        'tokens of 2019-08-01 state their expiry in a form that we read': 'pass',
        'tokens of 2017-09-01 state their expiry in a form that we read': expect.stringMatching(/pass|unknown/),
        'the vault speaks HTTP/1.1': 'pass',
      });
      expect(outcome.code).toBe(0);
    } finally {
      web.child.kill();
      await web.outcome;
    }
  });

  test('as a Function App, in the worker: it answers with facts and no value', async () => {
    const azure = await startAzure({ vaults: { shop: { smoke: SECRET } } });
    onTestFinished(() => azure.close());
    const key = canary('key');
    const all = { ...azure.env, ...settings(key), FUNCTIONS_WORKER_RUNTIME: 'node' };
    const http = {
      method: 'GET',
      url: 'http://localhost/api/smoke',
      headers: { 'x-smoke-key': key },
      query: {},
      params: {},
    };
    const plan = {
      dir: app.dir,
      main: ['functions.mjs'],
      mode: 'specialized',
      settings: all,
      invoke: [{ name: 'smoke', data: { http } }],
    };
    app.write({ 'plan.json': JSON.stringify(plan) });
    const worker = path.join(root, 'test/process/support/functions-worker.cjs');
    const { probes, stderr } = await app.run([worker, 'plan.json', '--functions-uri', 'http://127.0.0.1/'], {
      env: { PROBE_MODULE: app.path('probe.cjs') },
    });
    const answer = (probes as { step: string; body?: string; functions?: object }[]).find(({ body }) => body);
    expect(answer, `${stderr}\n${JSON.stringify(probes).slice(0, 2000)}`).toBeDefined();
    expect(answer?.body).not.toContain(SECRET);
    expect(JSON.parse(answer?.body ?? '{}')).toMatchObject({
      host: 'function',
      raw: { SMOKE_OURS: 'reference', SMOKE_COMPOSED: 'template', SMOKE_PLATFORM: 'value' },
      same: true,
      composed: true,
      report: { status: 'ready' },
    });
  });
});

const GOOD = {
  version: 1,
  host: 'function',
  raw: { SMOKE_OURS: 'reference', SMOKE_COMPOSED: 'template', SMOKE_PLATFORM: 'value' },
  now: { SMOKE_OURS: 'value', SMOKE_COMPOSED: 'value', SMOKE_PLATFORM: 'value' },
  same: true,
  composed: true,
  record: {
    present: true,
    settings: ['SMOKE_PLATFORM'],
    members: ['rawReference', 'status'],
    statuses: ['Resolved'],
    rawReferences: true,
  },
  tokens: [
    { protocol: '2019-08-01', status: 200, expiresOn: 'digits', expiresIn: 'none' },
    { protocol: '2017-09-01', absent: true },
  ],
  vault: { asked: true, alpn: 'http/1.1', tls: 'TLSv1.3' },
  report: {
    status: 'ready',
    durationMs: 120,
    settings: [
      { setting: 'SMOKE_OURS', status: 'Resolved', origin: 'reference' },
      { setting: 'SMOKE_PLATFORM', status: 'Resolved', origin: 'platform' },
    ],
  },
};

const SITE = JSON.stringify({ properties: { hostNameSslStates: [{ hostType: 'Repository', name: 'kudu.invalid' }] } });

/** An app that answers as told, and what the imitations of az and azd do to it. */
interface Imitation {
  url: string;
  readonly settings: Record<string, string>;
  readonly calls: string[][];
  isOpen: boolean;
  /** What Kudu answers; nothing: it refuses. */
  kudu?: object;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function imitate(facts: (imitation: Imitation) => unknown): Promise<Imitation> {
  const settings: Record<string, string> = {};
  const imitation: Imitation = { url: '', settings, calls: [], isOpen: true };
  let startedAt = 1000;
  server = createServer((request, response) => {
    if (request.url === '/az') {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        const args: string[] = JSON.parse(body);
        imitation.calls.push(args);
        const [group, ...rest] = args;
        if (args.includes('set'))
          for (const pair of args.slice(args.indexOf('--settings') + 1))
            settings[pair.split('=')[0] as string] = pair.split('=')[1] as string;
        if (args.includes('delete'))
          for (const name of args.slice(args.indexOf('--setting-names') + 1)) delete settings[name];
        if (group === 'keyvault') imitation.isOpen = rest.at(-1) === 'Enabled';
        startedAt++;
        if (group === 'rest') response.end(imitation.kudu ? JSON.stringify(imitation.kudu) : 'no JSON');
        else response.end(rest[0] === 'show' ? SITE : '');
      });
      return;
    }
    const isKnown =
      request.headers['x-smoke-key'] !== undefined &&
      ['given', settings['SMOKE_KEY']].includes(String(request.headers['x-smoke-key']));
    response.statusCode = isKnown ? 200 : 404;
    response.end(isKnown ? JSON.stringify({ ...(facts(imitation) as object), startedAt }) : '');
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  imitation.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return imitation;
}

const judged = async (facts: unknown) => {
  const { url } = await imitate(() => facts);
  return app.run([SMOKE, '--url', url, '--key', 'given', '--patience', '5']);
};

describe('verdicts', () => {
  test('nothing is wrong with good facts', async () => {
    const outcome = await judged(GOOD);
    expect(outcome.stdout).toContain('9 hold, 0 do not, 1 could not be told.');
    expect(outcome.code).toBe(0);
  });

  const changed = (change: object) => ({ ...GOOD, ...change });
  test.each([
    [
      'the platform ate the reference',
      { raw: { ...GOOD.raw, SMOKE_OURS: 'value' } },
      'the platform leaves @KeyVault( alone',
    ],
    ['it blanked the setting', { raw: { ...GOOD.raw, SMOKE_OURS: 'absent' } }, 'the platform leaves @KeyVault( alone'],
    [
      'ours did not resolve',
      { report: { settings: [{ setting: 'SMOKE_OURS', status: 'SecretNotFound', origin: 'reference' }] } },
      'vaultstrap resolves it',
    ],
    ['the template is broken', { composed: false }, 'a template is composed around it'],
    [
      'the platform failed',
      { raw: { ...GOOD.raw, SMOKE_PLATFORM: 'platform-reference' } },
      'the platform resolves @Microsoft.KeyVault( before us',
    ],
    ['the bytes differ', { same: false }, 'both spellings give the same bytes'],
    [
      'there is no record',
      { record: { present: false } },
      'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source',
    ],
    [
      'the record is no JSON',
      { record: { present: true, notJson: true } },
      'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source',
    ],
    [
      'the record has other members',
      { record: { ...GOOD.record, members: ['reference', 'state'] } },
      'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source',
    ],
    [
      'the record speaks of others',
      { record: { ...GOOD.record, settings: ['X'] } },
      'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source',
    ],
    [
      'nothing was adopted',
      { report: { settings: GOOD.report.settings.slice(0, 1) } },
      'what the platform resolved is adopted, and rotates',
    ],
    [
      'a token without an end',
      { tokens: [{ protocol: '2019-08-01', status: 200, expiresOn: 'other', expiresIn: 'none' }] },
      'tokens of 2019-08-01 state their expiry in a form that we read',
    ],
    [
      'a token endpoint that refuses',
      { tokens: [{ protocol: '2019-08-01', status: 400 }] },
      'tokens of 2019-08-01 state their expiry in a form that we read',
    ],
    ['a vault that wants HTTP/2', { vault: { asked: true, alpn: 'h2' } }, 'the vault speaks HTTP/1.1'],
  ])('%s', async (_what, change, premise) => {
    const outcome = await judged(changed(change));
    expect(verdicts(outcome)[premise], outcome.stdout).toBe('fail');
    expect(outcome.code).toBe(1);
  });

  test('an app that says nothing has proved nothing', async () => {
    const outcome = await judged({});
    expect(Object.values(verdicts(outcome))).not.toContain('pass');
    expect(outcome.code).toBe(1);
  });

  test('whatever the app says, none of it is repeated', async () => {
    const secret = canary('told');
    const shout = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shout)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shout(member)]))
          : typeof value === 'string' && !/^SMOKE_/.test(value)
            ? secret
            : value;
    const outcome = await judged(shout(GOOD));
    // `run` rejects when a canary is in the output.
    expect(outcome.stdout).toContain('something unexpected');
  });

  test('an app that does not answer is an error, not a verdict', async () => {
    const { url } = await imitate(() => GOOD);
    const outcome = await app.run([SMOKE, '--url', url, '--key', 'another', '--patience', '1']);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^The app at 127\.0\.0\.1:\d+ gave no facts within 1 s: status 404\.\n$/);
  });
});

describe.skipIf(process.platform === 'win32')('with az and azd', () => {
  /** A folder with imitations of both: what they are asked goes to the imitated app. */
  function tools(url: string, environment: object = {}): string {
    const folder = mkdtempSync(path.join(inject('packed').folder, 'tools-'));
    const write = (name: string, script: string) => {
      writeFileSync(path.join(folder, name), `#!${NODE}\n${script}`);
      chmodSync(path.join(folder, name), 0o755);
    };
    const values = {
      AZURE_RESOURCE_GROUP: 'rg-smoke',
      VAULT_NAME: 'kv-smoke',
      APP_NAME: 'app-smoke',
      APP_URL: url,
      ...environment,
    };
    write('azd', `console.log(${JSON.stringify(JSON.stringify(values))});`);
    write(
      'az',
      `fetch(${JSON.stringify(`${url}/az`)}, { method: 'POST', body: JSON.stringify(process.argv.slice(2)) })
        .then((answer) => answer.text()).then((text) => console.log(text));`,
    );
    return folder;
  }
  const withTools = (folder: string, ...args: string[]) =>
    app.run([SMOKE, '--patience', '6', ...args], { env: { PATH: folder }, limitMs: 50_000 });
  const inOutage = {
    ...GOOD,
    now: { SMOKE_OURS: 'absent', SMOKE_PLATFORM: 'value' },
    report: {
      settings: [
        { setting: 'SMOKE_OURS', status: 'AccessToKeyVaultDenied', code: 'ERR_VAULT_FIREWALL', origin: 'reference' },
      ],
    },
  };

  test('everything is asked, and everything is put back', async () => {
    const imitation = await imitate(({ isOpen, settings }) => ({
      ...(isOpen ? GOOD : inOutage),
      ...(settings['VAULTSTRAP_ENABLED'] === 'false' && { report: { settings: [] } }),
    }));
    const outcome = await withTools(tools(imitation.url), '--outage', '--cold-start', '2');

    expect(outcome.stderr).toBe('');
    expect(verdicts(outcome)).toMatchObject({
      'the platform leaves @KeyVault( alone': 'pass',
      'Kudu shows no value for @KeyVault(': 'unknown',
      'in an outage the platform starts @Microsoft.KeyVault( from its cache': 'pass',
      'in an outage @KeyVault( fails closed, with no value and nothing raw': 'pass',
      'cold start is measured': 'pass',
    });
    expect(outcome.stdout).toMatch(/median of 2: first answer \d+ ms with, \d+ ms without; our own part 120 ms/);
    expect(outcome.code).toBe(0);
    expect(imitation).toMatchObject({ isOpen: true });
    expect(imitation.settings).toEqual({});
    for (const args of imitation.calls.filter(([command]) => command === 'functionapp' || command === 'keyvault')) {
      expect(args.join(' ')).toMatch(/--output (none|json)/);
    }
  });

  test('a platform without a cache, and a start that keeps something raw, do not pass', async () => {
    const raw = {
      ...inOutage,
      raw: { ...GOOD.raw, SMOKE_PLATFORM: 'platform-reference' },
      now: { SMOKE_OURS: 'reference' },
    };
    const imitation = await imitate(({ isOpen }) => (isOpen ? GOOD : raw));
    const outcome = await withTools(tools(imitation.url), '--outage');
    expect(verdicts(outcome)).toMatchObject({
      'in an outage the platform starts @Microsoft.KeyVault( from its cache': 'fail',
      'in an outage @KeyVault( fails closed, with no value and nothing raw': 'fail',
    });
    expect(outcome.code).toBe(1);
  });

  test('the vault is opened again when the app never comes back', async () => {
    const imitation = await imitate(({ isOpen }) => (isOpen ? GOOD : undefined));
    const { url } = imitation;
    const original = server?.listeners('request')[0] as (...args: unknown[]) => void;
    server?.removeAllListeners('request').on('request', (request, response) => {
      if (request.url !== '/az' && !imitation.isOpen) response.writeHead(503).end();
      else original(request, response);
    });
    const outcome = await withTools(tools(url), '--outage', '--patience', '3');
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('gave no facts within 3 s: status 503.');
    expect(imitation).toMatchObject({ isOpen: true });
    expect(imitation.settings).toEqual({});
  });

  test.each([
    ['the reference', REFERENCE, 'pass'],
    ['a value', canary('shown'), 'fail'],
    ['a value beside the reference', `${REFERENCE} ${canary('beside')}`, 'fail'],
  ])('Kudu shows %s', async (_what, shown, verdict) => {
    const imitation = await imitate(() => GOOD);
    imitation.kudu = { SMOKE_OURS: shown, SMOKE_PLATFORM: canary('platform') };
    const outcome = await withTools(tools(imitation.url));
    expect(verdicts(outcome)['Kudu shows no value for @KeyVault('], outcome.stdout).toBe(verdict);
    expect(imitation.calls.find(([command]) => command === 'rest')).toContain('https://kudu.invalid/api/settings');
  });

  test('a web app is asked for by its own command', async () => {
    const imitation = await imitate(() => GOOD);
    await withTools(tools(imitation.url, { APP_HOST: 'web' }));
    expect(imitation.calls.map(([command]) => command)).toContain('webapp');
    expect(imitation.calls.map(([command]) => command)).not.toContain('functionapp');
  });

  test('without azd, without az, and before azd up, it says so and changes nothing', async () => {
    const empty = mkdtempSync(path.join(inject('packed').folder, 'tools-'));
    expect(await withTools(empty)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'azd cannot be run (ENOENT). Install the Azure Developer CLI, and sign in.\n',
    });
    const imitation = await imitate(() => GOOD);
    const onlyAzd = tools(imitation.url);
    writeFileSync(path.join(onlyAzd, 'az'), '');
    chmodSync(path.join(onlyAzd, 'az'), 0o644);
    expect((await withTools(onlyAzd)).stderr).toMatch(
      /^az cannot be run \((EACCES|ENOENT)\)\. Install the Azure CLI, and sign in\.\n$/,
    );
    expect((await withTools(tools(imitation.url, { VAULT_NAME: '' }))).stderr).toMatch(/run azd up there first/);
    expect(imitation).toMatchObject({ calls: [] });
    expect(imitation.settings).toEqual({});
  });

  test.each([
    [['--url', 'http://127.0.0.1:9']],
    [['--cold-start', '-1']],
    [['--cold-start', '51']],
    [['--unknown']],
    [['--patience', '0']],
  ])('misuse is usage: %j', async (args) => {
    const { code, stdout } = await app.run([SMOKE, ...args], { env: { PATH: '' } });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
