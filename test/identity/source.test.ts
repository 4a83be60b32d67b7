import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { considerSources, detectSource } from '../../src/identity/source.js';
import { failureOf, unwrap } from './results.js';

const NEW = { IDENTITY_ENDPOINT: 'http://127.0.0.1:41001/msi/token', IDENTITY_HEADER: 'header' };
const OLD = { MSI_ENDPOINT: 'http://127.0.0.1:41001/MSI/token/', MSI_SECRET: 'secret' };
const WORKLOAD = {
  AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/token',
  AZURE_TENANT_ID: 'tenant',
  AZURE_CLIENT_ID: 'client',
};
const THUMBPRINT = '0123456789ABCDEF0123456789ABCDEF01234567';
const FABRIC = {
  IDENTITY_ENDPOINT: 'https://localhost:2377/metadata/identity/oauth2/token',
  IDENTITY_HEADER: 'header',
  IDENTITY_SERVER_THUMBPRINT: THUMBPRINT,
};
const ARC = { IDENTITY_ENDPOINT: 'http://localhost:40342/metadata/identity/oauth2/token', IMDS_ENDPOINT: 'http://x' };

describe('the source', () => {
  test.each<[name: string, lane: string, env: Record<string, string>]>([
    ['app-service-2019', 'direct', NEW],
    ['app-service-2019', 'direct', { ...NEW, ...OLD }],
    ['container-apps', 'direct', { ...NEW, CONTAINER_APP_NAME: 'app' }],
    ['container-apps', 'direct', { ...NEW, ...OLD, CONTAINER_APP_NAME: 'app' }],
    ['container-apps', 'direct', { ...NEW, CONTAINER_APP_JOB_NAME: 'job' }],
    ['app-service-2017', 'direct', OLD],
    ['app-service-2017', 'direct', { ...OLD, IDENTITY_HEADER: 'without its endpoint' }],
    ['app-service-2017', 'direct', { ...OLD, IDENTITY_ENDPOINT: NEW.IDENTITY_ENDPOINT }],
    ['azure-ml', 'sdk', { ...OLD, DEFAULT_IDENTITY_CLIENT_ID: 'client' }],
    ['azure-ml', 'sdk', { ...OLD, AZUREML_RUN_ID: 'run' }],
    ['msi-endpoint', 'direct', { MSI_ENDPOINT: 'http://localhost:50342/oauth2/token' }],
    ['msi-endpoint', 'direct', { MSI_ENDPOINT: OLD.MSI_ENDPOINT, MSI_SECRET: '' }],
    ['azure-arc', 'sdk', ARC],
    ['service-fabric', 'direct', FABRIC],
    ['service-fabric', 'direct', { ...FABRIC, ...OLD, IMDS_ENDPOINT: 'http://x', CONTAINER_APP_NAME: 'app' }],
    // Container Instances have these two, and no endpoint: the metadata service, then.
    ['default-azure-credential', 'sdk', { IDENTITY_HEADER: 'h', IDENTITY_SERVER_THUMBPRINT: THUMBPRINT }],
    ['workload-identity', 'sdk', { ...WORKLOAD, ...FABRIC }],
    ['app-service-2019', 'direct', { ...NEW, IMDS_ENDPOINT: 'http://x' }],
    ['workload-identity', 'sdk', WORKLOAD],
    ['workload-identity', 'sdk', { ...WORKLOAD, ...NEW, ...OLD, ...ARC }],
    ['app-service-2019', 'direct', { ...NEW, AZURE_CLIENT_ID: 'client', AZURE_TENANT_ID: 'tenant' }],
    ['default-azure-credential', 'sdk', {}],
    ['default-azure-credential', 'sdk', { IMDS_ENDPOINT: 'http://x' }],
    ['default-azure-credential', 'sdk', { IDENTITY_ENDPOINT: ARC.IDENTITY_ENDPOINT }],
    ['default-azure-credential', 'sdk', { DEFAULT_IDENTITY_CLIENT_ID: 'client' }],
    ['default-azure-credential', 'sdk', { IDENTITY_HEADER: 'h', MSI_SECRET: 's', AZURE_CLIENT_ID: 'c' }],
    ['default-azure-credential', 'sdk', { IDENTITY_ENDPOINT: '', IDENTITY_HEADER: '', MSI_ENDPOINT: '' }],
  ])('%s (%s) from %o', (name, lane, env) => {
    expect(unwrap(detectSource(env))).toMatchObject({ name, lane });
  });

  test('keeps endpoint and header as they are', () => {
    expect(unwrap(detectSource(NEW))).toMatchObject({
      endpoint: new URL(NEW.IDENTITY_ENDPOINT),
      header: 'header',
    });
    expect(unwrap(detectSource({ ...NEW, ...OLD }))).toMatchObject({ header: 'header' });
    expect(unwrap(detectSource(OLD))).toMatchObject({ endpoint: new URL(OLD.MSI_ENDPOINT), header: 'secret' });
  });
});

describe('what was looked for', () => {
  test.each<[env: Record<string, string>, last: string]>([
    [{ ...WORKLOAD, ...NEW }, 'workload-identity'],
    [FABRIC, 'service-fabric'],
    [{ ...NEW, CONTAINER_APP_NAME: 'app' }, 'container-apps'],
    [NEW, 'app-service-2019'],
    [{ ...OLD, AZUREML_RUN_ID: 'run' }, 'azure-ml'],
    [OLD, 'app-service-2017'],
    [{ MSI_ENDPOINT: OLD.MSI_ENDPOINT }, 'msi-endpoint'],
    [ARC, 'azure-arc'],
    [{}, 'default-azure-credential'],
  ])('%o ends at %s, and says why not before it', (env, last) => {
    const considered = considerSources(env);
    const reasons = considered.map(({ missing }) => missing);
    expect(considered.at(-1)).toEqual({ name: last });
    expect(reasons.slice(0, -1).every((reason) => typeof reason === 'string' && reason.length > 0)).toBe(true);
    expect(unwrap(detectSource(env)).name).toBe(last);
  });

  test('a source whose variables are malformed ends it, too', () => {
    const env = { IDENTITY_ENDPOINT: 'http://evil.example', IDENTITY_HEADER: 'h', MSI_ENDPOINT: OLD.MSI_ENDPOINT };
    expect(considerSources(env).at(-1)).toEqual({ name: 'app-service-2019' });
    expect(failureOf(detectSource(env)).code).toBe('ERR_IDENTITY_ENDPOINT');
  });

  test('which variables are missing is told, and no value of one', () => {
    const considered = considerSources({ ...OLD, AZURE_TENANT_ID: 'CANARY' });
    expect(considered[0]).toEqual({
      name: 'workload-identity',
      missing: 'AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID are not set',
    });
    expect(considerSources(NEW)).toContainEqual({
      name: 'container-apps',
      missing: 'neither CONTAINER_APP_NAME nor CONTAINER_APP_JOB_NAME is set',
    });
    expect(JSON.stringify(considered)).not.toContain('CANARY');
  });
});

describe('Service Fabric', () => {
  test('its api-version is the oldest, unless it says another', () => {
    expect(unwrap(detectSource(FABRIC))).toMatchObject({ thumbprint: THUMBPRINT, apiVersion: '2019-07-01-preview' });
    const newer = { ...FABRIC, IDENTITY_API_VERSION: '2020-05-01' };
    expect(unwrap(detectSource(newer))).toMatchObject({ apiVersion: '2020-05-01' });
  });

  test.each([
    THUMBPRINT.toLowerCase(),
    THUMBPRINT.replace(/..(?!$)/g, '$&:'),
    THUMBPRINT.replace(/..(?!$)/g, '$& '),
    ` ${THUMBPRINT.toLowerCase().replace(/.{8}/g, '$& ')}\n`,
  ])('the thumbprint %o', (thumbprint) => {
    const source = unwrap(detectSource({ ...FABRIC, IDENTITY_SERVER_THUMBPRINT: thumbprint }));
    expect(source).toMatchObject({ thumbprint: THUMBPRINT });
  });

  test.each([
    ['IDENTITY_SERVER_THUMBPRINT', 'AB12'],
    ['IDENTITY_SERVER_THUMBPRINT', ' '],
    ['IDENTITY_SERVER_THUMBPRINT', `${THUMBPRINT}00`],
    ['IDENTITY_SERVER_THUMBPRINT', THUMBPRINT.replace('A', 'G')],
    // SHA-256.
    ['IDENTITY_SERVER_THUMBPRINT', 'ab'.repeat(32)],
    ['IDENTITY_SERVER_THUMBPRINT', `\u200e${THUMBPRINT}`],
    ['IDENTITY_API_VERSION', '2020-05-01&resource=other'],
    ['IDENTITY_API_VERSION', 'a b'],
    ['IDENTITY_HEADER', 'head\ner'],
    // Nothing to compare.
    ['IDENTITY_ENDPOINT', 'http://localhost:2377/metadata/identity/oauth2/token'],
    ['IDENTITY_ENDPOINT', 'https://user@localhost:2377/token'],
  ])('%s: %o is refused', (name, text) => {
    const failure = failureOf(detectSource({ ...FABRIC, [name]: text }));
    expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_ENDPOINT', retry: 'never' });
    expect(failure.details).toMatch(new RegExp(`^${name} (is|holds) .+ .+`));
    expect(failure.hint).toContain(`The platform sets ${name}`);
    if (text.trim()) expect(JSON.stringify(failure)).not.toContain(JSON.stringify(text).slice(1, -1));
  });
});

// No test creates the agent's file in its real place.
describe('Azure Arc by its agent', () => {
  const real = process.getBuiltinModule('node:fs');
  let agent = '';
  beforeEach(() => {
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
      name === 'node:fs'
        ? {
            ...real,
            accessSync: (path: string) => {
              if (path !== agent) throw new Error('ENOENT');
            },
          }
        : undefined) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    agent = '';
  });

  test.runIf(process.platform === 'linux')('counts when no variable says otherwise', () => {
    expect(unwrap(detectSource({}))).toMatchObject({ name: 'default-azure-credential' });
    agent = '/opt/azcmagent/bin/himds';
    expect(unwrap(detectSource({}))).toMatchObject({ name: 'azure-arc', lane: 'sdk' });
    for (const env of [NEW, OLD, FABRIC, WORKLOAD, { MSI_ENDPOINT: OLD.MSI_ENDPOINT }]) {
      expect(unwrap(detectSource(env)).name).not.toBe('azure-arc');
    }
  });

  test('on Windows it is where programs are', () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    agent = 'D:\\Programs\\AzureConnectedMachineAgent\\himds.exe';
    expect(unwrap(detectSource({ ProgramFiles: 'D:\\Programs' }))).toMatchObject({ name: 'azure-arc' });
    expect(unwrap(detectSource({}))).toMatchObject({ name: 'default-azure-credential' });
  });
});

describe('endpoints', () => {
  const names: [endpoint: string, header: string | undefined][] = [
    ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'],
    ['MSI_ENDPOINT', 'MSI_SECRET'],
    ['MSI_ENDPOINT', undefined],
  ];
  const detect = (endpoint: string, [name, header]: (typeof names)[number]) =>
    detectSource({ [name]: endpoint, ...(header !== undefined && { [header]: 'header' }) });

  test.each([
    'http://127.0.0.1:41001/msi/token',
    'http://127.9.9.9/msi/token',
    'http://localhost:8081/msi/token',
    'http://LOCALHOST:8081/msi/token',
    'http://[::1]:8081/msi/token',
    'http://169.254.129.3:8081/msi/token',
    'http://169.254.255.2:8081/msi/token',
    'https://identity.internal.example/token',
    'https://10.0.0.4:2377/metadata/identity/oauth2/token',
  ])('taken: %s', (endpoint) => {
    for (const one of names) expect(detect(endpoint, one).ok).toBe(true);
  });

  test.each([
    'http://identity.internal.example/token',
    'http://10.0.0.4:8081/msi/token',
    'http://169.255.1.1/msi/token',
    'http://128.0.0.1/msi/token',
    'http://0.0.0.0:8081/msi/token',
    'http://[fe80::1]/msi/token',
    'http://[::ffff:10.0.0.1]/msi/token',
    'http://2130706434.example/msi/token',
    'http://127.0.0.1.evil.example/msi/token',
    'http://169.254.1.1.evil.example/msi/token',
    'http://localhost.evil.example/msi/token',
    'http://evil-localhost/msi/token',
    'http://localhost@evil.example/msi/token',
    'http://user@127.0.0.1/msi/token',
    'http://user:password@127.0.0.1/msi/token',
    'https://user:password@identity.example/msi/token',
    'http://127.0.0.1/msi/token#fragment',
    'ftp://127.0.0.1/msi/token',
    'file:///msi/token',
    'unix:/run/identity.sock',
    '127.0.0.1:41001/msi/token',
    '/msi/token',
    'not an endpoint',
  ])('refused: %s', (endpoint) => {
    for (const one of names) {
      const failure = failureOf(detect(endpoint, one));
      expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_ENDPOINT', retry: 'never' });
      expect(failure.details).toContain(one[0]);
      expect(JSON.stringify(failure)).not.toContain(endpoint);
    }
  });

  // As seen in containers of App Service: Azure/azure-cli#20196 (Linux), Azure/azure-sdk-for-net#17425 (Windows).
  test.each([
    'http://172.16.5.3:8081/msi/token',
    'http://172.31.255.254:8081/msi/token',
    'http://100.64.100.2:41580/MSI/token/',
    'http://100.127.0.1:41580/MSI/token/',
  ])('the machine under a container, on App Service and nowhere else: %s', (IDENTITY_ENDPOINT) => {
    const env = { IDENTITY_ENDPOINT, IDENTITY_HEADER: 'header' };
    expect(unwrap(detectSource({ ...env, WEBSITE_SITE_NAME: 'shop' }))).toMatchObject({
      name: 'app-service-2019',
      endpoint: new URL(IDENTITY_ENDPOINT),
    });
    for (const elsewhere of [{}, { WEBSITE_SITE_NAME: 'shop', WEBSITE_HOSTNAME: 'localhost:7071' }]) {
      expect(failureOf(detectSource({ ...env, ...elsewhere })).code).toBe('ERR_IDENTITY_ENDPOINT');
    }
  });

  test.each([
    'http://10.0.0.4:8081/msi/token',
    'http://192.168.0.4:8081/msi/token',
    'http://8.8.8.8/msi/token',
    'http://172.16.5.3.evil.example/msi/token',
    'http://user@172.16.5.3:8081/msi/token',
    'http://identity.internal.example/msi/token',
  ])('not even there: %s', (IDENTITY_ENDPOINT) => {
    const env = { IDENTITY_ENDPOINT, IDENTITY_HEADER: 'header', WEBSITE_SITE_NAME: 'shop' };
    expect(failureOf(detectSource(env)).code).toBe('ERR_IDENTITY_ENDPOINT');
  });

  test.each([
    ['a line feed', 'header\nX-Other: 1'],
    ['a carriage return', 'header\r'],
    ['a NUL', 'head\0er'],
    ['a space', 'head er'],
    ['a tab', 'head\ter'],
    ['DEL', 'header\x7f'],
    ['a letter beyond ASCII', 'heäder'],
  ])('a header with %s is refused', (_, header) => {
    for (const env of [
      { IDENTITY_ENDPOINT: NEW.IDENTITY_ENDPOINT, IDENTITY_HEADER: header },
      { MSI_ENDPOINT: OLD.MSI_ENDPOINT, MSI_SECRET: header },
    ]) {
      const failure = failureOf(detectSource(env));
      expect(failure).toMatchObject({ status: 'MSINotEnabled', code: 'ERR_IDENTITY_ENDPOINT', retry: 'never' });
      expect(failure.details).toMatch(/^(IDENTITY_HEADER|MSI_SECRET) /);
      expect(JSON.stringify(failure)).not.toContain(JSON.stringify(header).slice(1, -1));
    }
  });
});
