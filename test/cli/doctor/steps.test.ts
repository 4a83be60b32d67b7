// Each step by itself: what is said of what was seen.
import { spawnSync } from 'node:child_process';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import { grantCommand } from '../../../src/cli/doctor/grant.js';
import { examineWay } from '../../../src/cli/doctor/network.js';
import { examineOwnSettings } from '../../../src/cli/doctor/own-settings.js';
import { examineReferences, hintOfSsh } from '../../../src/cli/doctor/references.js';
import { findingsAsJson, renderFindings } from '../../../src/cli/doctor/render.js';
import { examineRight } from '../../../src/cli/doctor/rights.js';
import { examineRuntime } from '../../../src/cli/doctor/runtime.js';
import { examineClock, examineReads } from '../../../src/cli/doctor/secrets.js';
import { examineSource } from '../../../src/cli/doctor/source.js';
import { examineToken, principalOf } from '../../../src/cli/doctor/token.js';
import { composeSettings } from '../../../src/rotation/compose.js';
import { planSettings } from '../../../src/settings/plan.js';
import { readConfig } from '../../../src/support/config.js';
import { type Failure, fail, succeed } from '../../../src/support/failure.js';
import { SYSTEM_ASSIGNED } from '../../../src/support/identity-selector.js';
import { Secret } from '../../../src/support/secret.js';
import type { SecretValue } from '../../../src/vault/reader.js';
import { CLIENT_ID, findCanaries, jwt, OBJECT_ID, RESOURCE_ID } from '../../identity/harness.js';
import { folderOf } from '../lint/support.js';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const HOST = 'shop.vault.azure.net';
const verdicts = (findings: readonly Finding[]) => findings.map(({ verdict, about, text }) => [verdict, about, text]);

describe('the process', () => {
  const here = { node: '24.1.0', platform: 'linux', arch: 'x64' };

  test.each([
    ['22.12.0', 'bad'],
    ['20.19.0', 'bad'],
    ['22.13.0', 'good'],
    ['25.0.0', 'good'],
  ])('Node %s is %s', (node, verdict) => {
    expect(examineRuntime({ ...here, node }, {})).toMatchObject([{ verdict, facts: { node } }]);
  });

  test.each<[where: string, env: Record<string, string>]>([
    ['Azure Functions (FlexConsumption)', { FUNCTIONS_WORKER_RUNTIME: 'node', WEBSITE_SKU: 'FlexConsumption' }],
    ['Azure Functions', { FUNCTIONS_WORKER_RUNTIME: 'node', WEBSITE_SITE_NAME: 'app', WEBSITE_SKU: 'x\u001b[31m' }],
    [
      'Functions, on this machine (Core Tools)',
      { FUNCTIONS_WORKER_RUNTIME: 'node', AZURE_FUNCTIONS_ENVIRONMENT: 'Development' },
    ],
    ['App Service', { WEBSITE_SITE_NAME: 'app' }],
    ['Container Apps', { CONTAINER_APP_NAME: 'app', KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    ['Container Apps', { CONTAINER_APP_JOB_NAME: 'job', KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    ['Kubernetes', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    ['a build agent', { TF_BUILD: 'True' }],
  ])('%s', (where, env) => {
    expect(examineRuntime(here, env)[0]?.facts).toMatchObject({ host: where });
  });

  test.each([
    ['NODE_DEBUG', 'http', 'warning'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0', 'warning'],
    ['WEBSITE_DISABLE_MSI', 'true', 'bad'],
  ])('%s=%s is told', (name, value, verdict) => {
    expect(examineRuntime(here, { [name]: value })[1]).toMatchObject({ verdict, text: expect.stringContaining(name) });
    expect(examineRuntime(here, { [name]: name === 'WEBSITE_DISABLE_MSI' ? 'false' : '' })).toHaveLength(1);
  });
});

describe('settings of our own', () => {
  test('a name that is none, with the one that was probably meant', () => {
    const { findings } = examineOwnSettings({ VAULTSTRAP_IDENTIY: 'CANARY-1', VAULTSTRAP_COLOUR: 'CANARY-2' });
    expect(findings.filter(({ verdict }) => verdict === 'warning')).toMatchObject([
      { about: 'VAULTSTRAP_IDENTIY', remedy: 'Did you mean VAULTSTRAP_IDENTITY?' },
      { about: 'VAULTSTRAP_COLOUR', remedy: expect.stringContaining('README') },
    ]);
    expect(findCanaries(findings, ['CANARY'])).toEqual([]);
  });

  test('our own record is no stranger', () => {
    expect(examineOwnSettings({ VAULTSTRAP_REFERENCES: '{}', VAULTSTRAP_REFERENCES_1: '{}' }).findings).toHaveLength(1);
  });

  test('every malformed one, and no configuration then', () => {
    const { config, findings } = examineOwnSettings({
      VAULTSTRAP_TIMEOUT_SECONDS: 'CANARY',
      VAULTSTRAP_CLIENT: 'CANARY',
      VAULTSTRAP_VAULT_ENDPOINT: 'https://CANARY.example',
    });
    expect(config).toBeUndefined();
    expect(findings.filter(({ verdict }) => verdict === 'bad').map(({ about }) => about)).toEqual([
      'VAULTSTRAP_VAULT_ENDPOINT',
      'VAULTSTRAP_TIMEOUT_SECONDS',
      'VAULTSTRAP_CLIENT',
    ]);
    expect(findCanaries(findings, ['CANARY'])).toEqual([]);
  });

  test.each([
    ['VAULTSTRAP_ALLOWED_HOSTS', 'kv.example.com'],
    ['VAULTSTRAP_VAULT_SUFFIX', 'vault.private.example'],
    ['VAULTSTRAP_ENABLED', 'false'],
    ['AZURE_CLIENT_SECRET', 'CANARY'],
  ])('%s is told, without its value', (name, value) => {
    const { config, findings } = examineOwnSettings({ [name]: value });
    expect(config).toBeDefined();
    const told = findings.filter(({ verdict }) => verdict === 'warning');
    expect(told).toMatchObject([{ text: expect.stringContaining(name) }]);
    expect(findCanaries(findings, [value === 'false' ? 'CANARY' : value])).toEqual([]);
  });
});

test('references: what is sound, what is malformed, and nothing at all', () => {
  const config = readConfig({});
  const env = {
    A: '@KeyVault(VaultName=shop;SecretName=a)',
    B: '@KeyVault(VaultName=shop;SecretName=b)@KeyVault(VaultName=ledger;SecretName=b)',
    BROKEN: '@KeyVault(VaultName=shop)',
    AZURE_CLIENT_ID: '@KeyVault(VaultName=shop;SecretName=id)',
  };
  const findings = examineReferences(planSettings(env, config, NOW_MS));
  expect(findings).toMatchObject([
    { verdict: 'good', facts: { settings: ['A', 'B'], vaults: ['shop', 'ledger'] } },
    { verdict: 'bad', about: 'AZURE_CLIENT_ID', text: expect.stringContaining('ERR_PROTECTED_SETTING') },
    { verdict: 'bad', about: 'BROKEN' },
  ]);
  const plain = planSettings({ PLAIN: 'x' }, config, NOW_MS);
  expect(examineReferences(plain, hintOfSsh({}))).toMatchObject([{ verdict: 'unknown' }]);
  const inSession = hintOfSsh({ SSH_CONNECTION: '169.254.129.1 40000 169.254.129.2 2222' });
  expect(examineReferences(plain, inSession)).toMatchObject([
    { remedy: expect.stringMatching(/SSH.*\/proc\/1\/environ$/) },
  ]);
  const near = '@KeyVaul(VaultName=shop;SecretName=a)';
  const misspelt = planSettings({ ALONE: near, AZURE_CLIENT_ID: near, BESIDE: `${env.A}:${near}` }, config, NOW_MS);
  expect(examineReferences(misspelt)).toMatchObject([
    { verdict: 'good', facts: { settings: ['BESIDE'] } },
    { verdict: 'bad', about: 'ALONE' },
    { verdict: 'bad', about: 'AZURE_CLIENT_ID' },
    { verdict: 'bad', about: 'BESIDE' },
  ]);
  const quoted = planSettings({ QUOTED: '"@KeyVault(VaultName=shop;SecretName=a)"' }, config, NOW_MS);
  expect(examineReferences(quoted)).toMatchObject([
    { verdict: 'good', facts: { settings: ['QUOTED'] } },
    { verdict: 'warning', about: 'QUOTED' },
  ]);
});

test.runIf(process.platform === 'linux')('the command for an SSH session passes on whatever process 1 has', () => {
  const dir = folderOf({
    npx: `#!${process.execPath}\nconsole.log(JSON.stringify([process.argv.slice(2), process.env]));\n`,
  });
  chmodSync(path.join(dir, 'npx'), 0o755);
  const odd = { ODD: `'"\\ $HOME \`id\` $(id) *`, LINES: 'a\n\nODD=b\n', EMPTY: '' };
  const many = Array.from({ length: 100 }, (_, i) => [`MANY_${i}`, `${i} '`.repeat(600)] as const);
  const settings = { ...odd, ...Object.fromEntries(many) };
  const environ = path.join(dir, 'environ');
  writeFileSync(
    environ,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\0`)
      .join(''),
  );
  expect(statSync(environ).size).toBeGreaterThan(200_000);

  const [, command = ''] = /process 1: (.*)$/.exec(hintOfSsh({ SSH_CONNECTION: 'x' }) ?? '') ?? [];
  const script = command.replace('/proc/1/environ', environ);
  const env = { PATH: `${dir}${path.delimiter}${process.env['PATH']}` };
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', env });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([['vaultstrap', 'doctor'], expect.objectContaining(settings)]);
});

describe('the identity', () => {
  test('the source, and each that was passed over with its reason', () => {
    const env = { MSI_ENDPOINT: 'http://127.0.0.1:41001/token', MSI_SECRET: 'CANARY-HEADER' };
    const [found, ...others] = examineSource(env, readConfig(env));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ verdict: 'good', facts: { source: 'app-service-2017', lane: 'direct' } });
    expect(found?.more).toEqual([
      expect.stringMatching(/^not workload-identity: AZURE_FEDERATED_TOKEN_FILE, /),
      'not service-fabric: IDENTITY_ENDPOINT, IDENTITY_HEADER, IDENTITY_SERVER_THUMBPRINT are not set',
      'not container-apps: IDENTITY_ENDPOINT, IDENTITY_HEADER are not set',
      'not app-service-2019: IDENTITY_ENDPOINT, IDENTITY_HEADER are not set',
      'not azure-ml: neither DEFAULT_IDENTITY_CLIENT_ID nor AZUREML_* is set',
    ]);
    expect(findCanaries(found, ['CANARY'])).toEqual([]);
  });

  test('malformed variables are bad, and not the next source', () => {
    const env = {
      IDENTITY_ENDPOINT: 'http://evil.example/CANARY',
      IDENTITY_HEADER: 'CANARY',
      MSI_ENDPOINT: 'http://127.0.0.1/',
    };
    const [found] = examineSource(env, readConfig(env));
    expect(found).toMatchObject({
      verdict: 'bad',
      text: expect.stringMatching(/^app-service-2019: IDENTITY_ENDPOINT/),
    });
    expect(findCanaries(found, ['CANARY'])).toEqual([]);
  });

  test('where the default identity comes from', () => {
    const env = { AZURE_CLIENT_ID: CLIENT_ID };
    expect(examineSource(env, readConfig(env))[0]?.text).toContain(`default identity ${CLIENT_ID} (AZURE_CLIENT_ID)`);
  });
});

describe('a token', () => {
  const claims = {
    aud: 'https://vault.azure.net',
    tid: '55555555-5555-4555-8555-555555555555',
    oid: OBJECT_ID,
    appid: CLIENT_ID,
    xms_mirid: RESOURCE_ID,
    idtyp: 'app',
  };
  const asked = (more: object, expiresOnMs = NOW_MS + 3_600_000) => ({
    identity: SYSTEM_ASSIGNED,
    resource: 'https://vault.azure.net',
    result: succeed({ token: new Secret(jwt({ ...claims, ...more })), expiresOnMs }),
  });

  test('ids that it tells; nothing else of it', () => {
    const person = {
      scp: 'CANARY',
      upn: 'CANARY@example.com',
      name: 'CANARY',
      ipaddr: 'CANARY',
      oid: 'CANARY\u001b[31m',
    };
    const finding = examineToken(asked(person), NOW_MS);
    expect(finding).toMatchObject({
      verdict: 'good',
      facts: { appId: CLIENT_ID, tenantId: claims.tid, audience: claims.aud, resourceId: RESOURCE_ID, type: 'User' },
    });
    expect(finding.text).toContain('good for 1 h');
    expect(findCanaries(finding, ['CANARY', jwt({ ...claims, ...person })])).toEqual([]);
  });

  test.each([
    ['no claims', 'opaque-token'],
    ['claims that are no JSON', 'a.b.c'],
    ['claims of other kinds', jwt({ oid: 5, appid: [], tid: null })],
  ])('with %s', (_, text) => {
    expect(principalOf({ token: new Secret(text), expiresOnMs: 0 })).toEqual({ type: 'ServicePrincipal' });
  });

  test('that has ended on arrival, and one of a date that JavaScript does not know', () => {
    expect(examineToken(asked({}, NOW_MS - 1), NOW_MS)).toMatchObject({
      verdict: 'warning',
      remedy: expect.stringContaining('clock'),
    });
    expect(examineToken(asked({}, 1e300), NOW_MS).facts).not.toHaveProperty('expiresOn');
  });

  test('that was not given: the failure and its remedy', () => {
    const failure: Failure = {
      status: 'MSINotEnabled',
      code: 'ERR_IDENTITY_NOT_ASSIGNED',
      details: 'd.',
      hint: 'h',
      retry: 'never',
    };
    expect(examineToken({ ...asked({}), result: fail(failure) }, NOW_MS)).toMatchObject({
      verdict: 'bad',
      text: 'MSINotEnabled (ERR_IDENTITY_NOT_ASSIGNED): d.',
      remedy: 'h',
    });
  });
});

describe('the way', () => {
  const tls = { protocol: 'TLSv1.3', subject: '*.vault.azure.net', issuer: 'CA', validTo: '2027-01-01' };
  const names = (addresses: string[], alias?: string) => ({ names: { addresses, ...(alias && { alias }) }, tls });
  const link = 'shop.privatelink.vaultcore.azure.net';

  test.each<[what: string, sight: Parameters<typeof examineWay>[1], verdict: string, part: string]>([
    ['public', names(['20.1.2.3']), 'good', '20.1.2.3'],
    ['private endpoint', names(['10.1.2.3'], link), 'good', 'a private endpoint'],
    ['private endpoint, IPv6', names(['fd00::5'], link), 'good', 'a private endpoint'],
    ['private endpoint that is passed by', names(['20.1.2.3'], link), 'warning', 'public address'],
    ['no such name', { names: { addresses: [], error: 'ENOTFOUND' } }, 'bad', 'does not exist here'],
    ['no name server', { names: { addresses: [], error: 'EAI_AGAIN' } }, 'bad', 'no name server'],
  ])('%s', (_, sight, verdict, part) => {
    expect(examineWay(HOST, sight)[0]).toMatchObject({
      step: 'network',
      about: HOST,
      verdict,
      text: expect.stringContaining(part),
    });
  });

  test('a name that is only allowed is not asked for with az', () => {
    const sight = { names: { addresses: [], error: 'ENOTFOUND' } };
    expect(examineWay(HOST, sight)[0]?.remedy).toContain('az keyvault show --name shop)');
    expect(examineWay('vault.corp.example:8443', sight)[0]?.remedy).toMatch(
      /^Check the host in the reference, and in V/,
    );
    const silent = { names: { addresses: [], error: 'EAI_AGAIN' } };
    expect(examineWay('vault.corp.example:8443', silent)[0]?.remedy).toMatch(/nslookup vault\.corp\.example$/);
  });

  test.each<[sight: NonNullable<Parameters<typeof examineWay>[1]['tls']>, verdict: string, remedy: string]>([
    [tls, 'good', ''],
    [{ ...tls, kind: 'tls', code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'bad', 'NODE_EXTRA_CA_CERTS'],
    [{ kind: 'network', code: 'ECONNREFUSED' }, 'bad', 'port 443'],
    [{ kind: 'timeout' }, 'bad', 'port 443'],
  ])('TLS: %o', (sight, verdict, remedy) => {
    const [found] = examineWay(HOST, { tls: sight });
    expect(found).toMatchObject({ verdict });
    expect(found?.remedy ?? '').toContain(remedy);
  });
});

describe('secrets', () => {
  const config = readConfig({});
  const value = (text: string, more: Partial<SecretValue> = {}) =>
    succeed({ value: new Secret(text), version: 'a'.repeat(32), ...more });
  const denied = (code: Failure['code']) =>
    fail({ status: 'AccessToKeyVaultDenied', code, details: 'no.', hint: 'the hint', retry: 'never' });

  function examine(
    env: Record<string, string>,
    answer: (secret: string) => ReturnType<typeof value> | ReturnType<typeof denied>,
    unreachable: string[] = [],
  ) {
    const plan = planSettings(env, config, NOW_MS);
    const results = new Map([...plan.reads.values()].map((read) => [read.key, answer(read.secret)]));
    return examineReads({
      plan,
      results,
      composed: composeSettings(plan, (key) => results.get(key)),
      principalOf: () => ({ objectId: OBJECT_ID, type: 'ServicePrincipal' }),
      unreachable: new Set(unreachable),
      nowMs: NOW_MS,
    });
  }
  const A = { A: '@KeyVault(VaultName=shop;SecretName=a)' };

  test('a 403 has the command, filled in', () => {
    expect(examine(A, () => denied('ERR_VAULT_RBAC'))[0]).toMatchObject({
      verdict: 'bad',
      about: 'shop/a',
      remedy: expect.stringContaining(
        `az role assignment create --assignee-object-id ${OBJECT_ID} --assignee-principal-type ServicePrincipal --role "Key Vault Secrets User" --scope "$(az keyvault show --name shop --query id --output tsv)/secrets/a"`,
      ),
    });
    expect(examine(A, () => denied('ERR_VAULT_POLICY'))[0]?.remedy).toContain(
      `--object-id ${OBJECT_ID} --secret-permissions get`,
    );
    expect(examine(A, () => denied('ERR_VAULT_FIREWALL'))[0]?.remedy).toBe('the hint');
  });

  test('a host that is only allowed has no command', () => {
    const allowed = { A: '@KeyVault(SecretUri=https://localhost:8443/secrets/a)' };
    expect(examine(allowed, () => denied('ERR_VAULT_RBAC'))[0]?.remedy).toBe('the hint');
    expect(examine(allowed, () => value('x', { expiresOnMs: 0 }))[0]?.remedy).not.toContain('localhost');
  });

  test('without a token the command has a gap, with a person it names a person', () => {
    const [read] = planSettings(A, config, NOW_MS).reads.values();
    if (!read) throw new Error('no read');
    expect(grantCommand(read, undefined)).toContain('--assignee-object-id OBJECT_ID ');
    expect(grantCommand(read, { objectId: OBJECT_ID, type: 'User' })).toContain('--assignee-principal-type User');
  });

  test('what only follows from an earlier step is not called bad again', () => {
    expect(examine(A, () => denied('ERR_IDENTITY_NOT_FOUND'))).toMatchObject([{ verdict: 'unknown' }]);
    expect(examine(A, () => denied('ERR_VAULT_DNS'), [HOST])).toMatchObject([{ verdict: 'unknown' }]);
    expect(examine(A, () => denied('ERR_VAULT_DNS'))).toMatchObject([{ verdict: 'bad' }]);
  });

  test('a value that cannot be used is bad for its setting; the value is not told', () => {
    const env = { B: '@KeyVault(VaultName=shop;SecretName=b;Field=x)' };
    const findings = examine(env, () => value('{"y":"CANARY"}'));
    expect(findings).toMatchObject([
      { verdict: 'good', about: 'shop/b' },
      { verdict: 'bad', about: 'B', facts: { code: 'ERR_FIELD' } },
    ]);
    expect(findCanaries(findings, ['CANARY'])).toEqual([]);
  });

  test('one that may be absent, and one whose date is past', () => {
    const env = { C: '@KeyVault(VaultName=shop;SecretName=c;Optional=true)' };
    const absent = fail({
      status: 'SecretNotFound',
      code: 'ERR_SECRET_NOT_FOUND',
      details: '',
      hint: '',
      retry: 'never',
      absent: true,
    });
    expect(examine(env, () => absent)).toMatchObject([{ verdict: 'good' }]);
    expect(examine(A, () => value('x', { expiresOnMs: NOW_MS }))).toMatchObject([{ verdict: 'warning' }]);
    expect(examine(A, () => value('x', { expiresOnMs: NOW_MS + 1 }))).toMatchObject([{ verdict: 'good' }]);
  });

  test('one that the platform has resolved by an identity of its own choice stays: no more than a warning', () => {
    const record = { A: { rawReference: '@Microsoft.KeyVault(VaultName=shop;SecretName=a)', status: 'Resolved' } };
    const env = { A: 'CANARY', WEBSITE_KEYVAULT_REFERENCES: JSON.stringify(record) };
    const findings = examine(env, () => denied('ERR_VAULT_RBAC'));
    expect(findings).toMatchObject([{ verdict: 'warning', remedy: expect.stringContaining('VAULTSTRAP_IDENTITY') }]);
    expect(findCanaries(findings, ['CANARY'])).toEqual([]);
  });

  test.each([
    [0, 'good'],
    [29_000, 'good'],
    [-45_000, 'warning'],
    [45_000, 'warning'],
    [-600_000, 'bad'],
    [600_000, 'bad'],
  ])('a clock that is %i ms off is %s', (offMs, verdict) => {
    const results = new Map([['key', value('x', { repliedAtMs: NOW_MS - offMs })]]);
    expect(examineClock(results, NOW_MS)).toMatchObject([{ verdict }]);
  });

  test('a clock that nobody can be asked for', () => {
    expect(examineClock(new Map([['key', denied('ERR_VAULT_DNS')]]), NOW_MS)).toMatchObject([{ verdict: 'unknown' }]);
    expect(examineClock(new Map(), NOW_MS)).toEqual([]);
  });

  test.each([
    ['yes', 'warning'],
    ['no', 'good'],
    ['unknown', 'unknown'],
  ] as const)('may list: %s is %s', (answer, verdict) => {
    expect(examineRight({ host: HOST, identity: SYSTEM_ASSIGNED, answer })).toMatchObject({ verdict });
  });
});

describe('rendering', () => {
  const plain = Object.assign(Object.create(process.stdout), { isTTY: false });
  const findings: Finding[] = [
    { step: 'secrets', verdict: 'bad', text: 'late', remedy: 'mend it', about: 'a\u001b[31m\u202e' },
    { step: 'runtime', verdict: 'good', text: 'early', more: ['detail'] },
  ];

  test('in the order of the way, with remedies; nothing steers the terminal', () => {
    const text = renderFindings(findings, plain);
    expect(text.indexOf('early')).toBeLessThan(text.indexOf('late'));
    expect(text).toMatch(/bad +a\\u\{1b\}\[31m\\u\{202e\}: late\n +Hint: mend it\n/);
    expect(text).toMatch(/1 bad\..*\(Secrets\)\.\n$/);
    expect(verdicts(findings)).toHaveLength(2);
  });

  test('of much that is good it shows some; of what is not, all', () => {
    const many = Array.from(
      { length: 60 },
      (_, i): Finding => ({
        step: 'secrets',
        verdict: i % 3 === 0 ? 'bad' : 'good',
        about: `shop/s${i}`,
        text: 'read',
      }),
    );
    const text = renderFindings(many, process.stdout);
    expect(text.match(/bad {6}shop/g)).toHaveLength(20);
    expect(text.match(/good {5}shop/g)).toHaveLength(10);
    expect(text).toContain('and 30 more that are good');
  });

  test('JSON says the same', () => {
    const parsed = JSON.parse(findingsAsJson(findings));
    expect(parsed).toMatchObject({ status: 'bad', findings: [{ step: 'secrets' }, { step: 'runtime' }] });
    expect(JSON.parse(findingsAsJson([{ step: 'runtime', verdict: 'warning', text: '' }])).status).toBe('good');
  });
});
