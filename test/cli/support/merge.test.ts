import { describe, expect, test } from 'vitest';
import { isWorthAWord, type Layer, mergeLayers } from '../../../src/cli/support/merge.js';

const REFERENCE = '@KeyVault(VaultName=shop;SecretName=pw)';

function layer(values: Record<string, string>, fillsEmpty = false): Layer {
  return { file: 'file', values: new Map(Object.entries(values)), fillsEmpty };
}

function merge(env: Record<string, string>, layers: readonly Layer[], platform: NodeJS.Platform = 'linux') {
  const { forAll, forCommand, forNobody, withReference } = mergeLayers(env, layers, platform);
  return {
    forAll: Object.fromEntries(forAll),
    forCommand: Object.fromEntries(forCommand),
    forNobody,
    withReference,
  };
}

const NONE = { forAll: {}, forCommand: {}, forNobody: [], withReference: [] };

describe('order', () => {
  test('the environment wins, then the first layer', () => {
    const { forAll } = merge({ A: 'env' }, [layer({ A: '1', C: '1', B: '1' }), layer({ A: '2', B: '2', D: '2' })]);

    // In the order of the files.
    expect(Object.entries(forAll)).toEqual([
      ['C', '1'],
      ['B', '1'],
      ['D', '2'],
    ]);
  });

  test('an empty variable is one, except above local.settings.json, as Core Tools has it', () => {
    expect(merge({ A: '' }, [layer({ A: '1' })]).forAll).toEqual({});
    expect(merge({ A: '' }, [layer({ A: '1' }, true)]).forAll).toEqual({ A: '1' });
    expect(merge({ A: 'env' }, [layer({ A: '1' }, true)]).forAll).toEqual({});
  });

  test('an empty setting of a file hides those below', () => {
    expect(merge({}, [layer({ A: '' }), layer({ A: '1' }, true)]).forAll).toEqual({ A: '' });
  });

  test('each file is told how many of its settings count', () => {
    const [first, second] = [layer({ A: '1', B: '1' }), layer({ B: '2', C: '2', PATH: 'x' })] as const;

    expect([...mergeLayers({ PATH: '/bin' }, [first, second], 'linux').given.values()]).toEqual([2, 1]);
  });
});

describe('letter case', () => {
  const layers = [layer({ Path: '1', key: '1', KEY: '2' }), layer({ Key: '3' })];

  test('Windows knows one variable of a name', () => {
    expect(merge({ PATH: 'C:\\' }, layers, 'win32')).toEqual({ ...NONE, forAll: { KEY: '2' } });
  });

  test('others tell them apart', () => {
    expect(merge({}, layers).forAll).toEqual({ key: '1', KEY: '2', Key: '3' });
  });
});

describe('what must not count here', () => {
  test.each([
    'AZURE_CLIENT_ID',
    'AZURE_AUTHORITY_HOST',
    'IDENTITY_ENDPOINT',
    'IDENTITY_HEADER',
    'MSI_ENDPOINT',
    'MSI_SECRET',
    'identity_endpoint',
    'APPSETTING_MSI_ENDPOINT',
    'HTTPS_PROXY',
    'NODE_OPTIONS',
    'WEBSITE_HOSTNAME',
    'FUNCTIONS_WORKER_RUNTIME',
    'AZURE_FUNCTIONS_ENVIRONMENT',
    'CONTAINER_APP_NAME',
    'AZUREML_RUN_ID',
  ])('%s is for the command', (name) => {
    expect(merge({}, [layer({ [name]: 'x' })])).toEqual({ ...NONE, forCommand: { [name]: 'x' } });
  });

  test.each([
    'VAULTSTRAP_VAULT_ENDPOINT',
    'VAULTSTRAP_VAULT_CA',
    'VAULTSTRAP_ALLOWED_HOSTS',
    'APPSETTING_VAULTSTRAP_ALLOWED_HOSTS',
    'vaultstrap_vault_endpoint',
    'VAULTSTRAP_REFERENCES',
    'VAULTSTRAP_REFERENCES_1',
    'WEBSITE_KEYVAULT_REFERENCES',
  ])('%s is for nobody', (name) => {
    expect(merge({}, [layer({ [name]: 'x' })])).toEqual({ ...NONE, forNobody: [name] });
  });

  test.each(['AZURE_CLIENT_SECRET', 'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING'])(
    '%s with a reference stays raw for nobody',
    (name) => {
      expect(merge({}, [layer({ [name]: REFERENCE })])).toEqual({ ...NONE, withReference: [name] });
    },
  );

  test.each([
    ...['VAULTSTRAP_IDENTITY', 'VAULTSTRAP_TIMEOUT_SECONDS', 'VAULTSTRAP_VAULT_SUFFIX', 'AZURE_OPENAI_API_KEY'],
    ...['MY_FUNCTIONS_WORKER_RUNTIME', 'FUNCTIONS_WORKER_RUNTIME_VERSION', 'MY_AZUREML_KEY'],
  ])('%s counts', (name) => {
    expect(merge({}, [layer({ [name]: 'x' })])).toEqual({ ...NONE, forAll: { [name]: 'x' } });
  });

  test('a user hears of those that he would expect to count', () => {
    const names = ['AZURE_CLIENT_ID', 'WEBSITE_HOSTNAME', 'APPSETTING_WEBSITE_X', 'functions_worker_runtime'];
    expect(names.filter(isWorthAWord)).toEqual(['AZURE_CLIENT_ID']);
  });

  test('pieces of an identity endpoint beside another are for nobody', () => {
    const pieces = {
      MSI_ENDPOINT: 'x',
      MSI_SECRET: 'x',
      IDENTITY_SERVER_THUMBPRINT: 'x',
      APPSETTING_imds_endpoint: 'x',
    };
    const files = [layer({ ...pieces, AZURE_CLIENT_ID: 'x', IDENTITY_ENDPOINT: 'file' })];
    expect(merge({ IDENTITY_ENDPOINT: 'real', IDENTITY_HEADER: 'real' }, files)).toEqual({
      forAll: {},
      forCommand: { AZURE_CLIENT_ID: 'x' },
      forNobody: Object.keys(pieces).reverse(),
      withReference: [],
    });
    expect(merge({ IDENTITY_ENDPOINT: '' }, files).forNobody).toEqual([]);
  });

  test("the environment's own stay, and are no matter of files", () => {
    expect(merge({ IDENTITY_ENDPOINT: 'real' }, [layer({ IDENTITY_ENDPOINT: 'file' })])).toEqual(NONE);
  });
});
