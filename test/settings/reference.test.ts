import { describe, expect, test } from 'vitest';
import {
  MAX_REFERENCE_LENGTH,
  type ParsedReference,
  parseAkvs,
  parseReference,
  type SecretReference,
} from '../../src/settings/reference.js';
import { GUID, V1 } from '../helpers/fixtures.js';
import { printReference } from '../helpers/print-reference.js';

const parse = (params: string, suffix?: string) => parseReference('@KeyVault', params, suffix);

function reference(parsed: ParsedReference): SecretReference {
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.reference;
}

function problem(parsed: ParsedReference): string {
  if ('reference' in parsed) throw new Error(`was accepted: ${printReference(parsed.reference)}`);
  expect(parsed.hint).not.toBe('');
  return parsed.problem;
}

const BASE = { marker: '@KeyVault', host: 'shop.vault.azure.net', vault: 'shop', secret: 'pw' };
const RESOURCE = `/subscriptions/${GUID}/resourceGroups/My-RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;

describe('parse', () => {
  test.each<[string, object]>([
    ['VaultName=shop;SecretName=pw', BASE],
    ['VaultName=shop;SecretName=pw;', BASE],
    [' vaultname = shop ;\n\tSECRETNAME = pw ; ', BASE],
    ['SecretName=pw;VaultName=shop', BASE],
    ['VaultName=SHOP;SecretName=PW', BASE],
    [`VaultName=shop;SecretName=pw;SecretVersion=${V1}`, { ...BASE, version: V1 }],
    // As samples have it, and App Service takes it.
    ['VaultName=shop;SecretName=pw;SecretVersion=', BASE],
    ['VaultName=shop;SecretVersion= ;SecretName=pw', BASE],
    [`VaultName=shop;SecretName=pw;SecretVersion=${'aB'.repeat(16)}`, { ...BASE, version: 'ab'.repeat(16) }],
    ['SecretUri=https://shop.vault.azure.net/secrets/pw', BASE],
    ['SecretUri=https://shop.vault.azure.net/secrets/pw/', BASE],
    [`SecretUri=https://shop.vault.azure.net/secrets/pw/${V1}`, { ...BASE, version: V1 }],
    [`SecretUri=https://shop.vault.azure.net/secrets/pw/${V1}/`, { ...BASE, version: V1 }],
    [`SecretUri=https://shop.vault.azure.net/secrets/pw/${'aB'.repeat(16)}`, { ...BASE, version: 'ab'.repeat(16) }],
    // `vaultUri` of a template ends with a slash; Azure PowerShell prints the port.
    ['SecretUri=https://shop.vault.azure.net//secrets/pw/', BASE],
    [`SecretUri=https://shop.vault.azure.net:443/secrets/pw/${V1}`, { ...BASE, version: V1 }],
    ['SecretUri=https://kv.corp.example:8443/secrets/pw', { ...BASE, host: 'kv.corp.example:8443', vault: 'kv' }],
    ['secreturi= HTTPS://SHOP.Vault.Azure.NET/Secrets/PW ;', BASE],
    // Where a token may go is decided by vault/host.ts; the grammar only keeps the host as it is.
    ['SecretUri=https://localhost:8443/secrets/pw', { ...BASE, host: 'localhost:8443', vault: 'localhost:8443' }],
    ['SecretUri=https://evil.example/secrets/pw', { ...BASE, host: 'evil.example', vault: 'evil' }],
    ['SecretUri=https://v/secrets/pw', { ...BASE, host: 'v', vault: 'v' }],
    ['VaultName=shop;SecretName=pw;Identity=system', { ...BASE, identity: { kind: 'system' } }],
    ['VaultName=shop;SecretName=pw;Identity=SYSTEM', { ...BASE, identity: { kind: 'system' } }],
    [
      `VaultName=shop;SecretName=pw;Identity=${GUID.toUpperCase()}`,
      { ...BASE, identity: { kind: 'client', id: GUID } },
    ],
    [`VaultName=shop;SecretName=pw;Identity=Object: ${GUID}`, { ...BASE, identity: { kind: 'object', id: GUID } }],
    [`VaultName=shop;SecretName=pw;Identity=${RESOURCE}`, { ...BASE, identity: { kind: 'resource', id: RESOURCE } }],
    ['VaultName=shop;SecretName=pw;Field=password', { ...BASE, field: 'password' }],
    ['VaultName=shop;SecretName=pw;Field= my key ', { ...BASE, field: 'my key' }],
    ['VaultName=shop;SecretName=pw;Field=a=b', { ...BASE, field: 'a=b' }],
    ['VaultName=shop;SecretName=pw;Field=/a~1b/~0/0', { ...BASE, field: '/a~1b/~0/0' }],
    ['VaultName=shop;SecretName=pw;Field=not~a~pointer', { ...BASE, field: 'not~a~pointer' }],
    ['VaultName=shop;SecretName=pw;Encode=uri', { ...BASE, encode: 'uri' }],
    ['VaultName=shop;SecretName=pw;Encode=BASE64', { ...BASE, encode: 'base64' }],
    ['VaultName=shop;SecretName=pw;Encode=Json', { ...BASE, encode: 'json' }],
    ['VaultName=shop;SecretName=pw;Format=PEM', { ...BASE, format: 'pem' }],
    ['VaultName=shop;SecretName=pw;Format=pem;Encode=base64', { ...BASE, format: 'pem', encode: 'base64' }],
    ['VaultName=shop;SecretName=pw;File=True', { ...BASE, file: true }],
    ['VaultName=shop;SecretName=pw;File=false;Encode=uri', { ...BASE, encode: 'uri' }],
    ['VaultName=shop;SecretName=pw;Field=key;File=true', { ...BASE, field: 'key', file: true }],
    ['VaultName=shop;SecretName=pw;Format=pem;File=true', { ...BASE, format: 'pem', file: true }],
    ['VaultName=shop;SecretName=pw;Optional=TRUE', { ...BASE, optional: true }],
    ['VaultName=shop;SecretName=pw;Optional=false', BASE],
    ['VaultName=shop;SecretName=pw;Default=', { ...BASE, default: '' }],
    ['VaultName=shop;SecretName=pw;Default=;', { ...BASE, default: '' }],
    ['VaultName=shop;SecretName=pw;Default=  a = $b  ', { ...BASE, default: '  a = $b  ' }],
    ['VaultName=shop;SecretName=pw;Default=x;Optional=false', { ...BASE, default: 'x' }],
  ])('%j', (params, expected) => {
    // Strictly: a key that was not given is not there either.
    expect(reference(parse(params))).toStrictEqual(expected);
  });

  test('the suffix completes a name, and leaves a URI alone', () => {
    expect(reference(parse('VaultName=shop;SecretName=pw', 'vault.azure.cn')).host).toBe('shop.vault.azure.cn');
    expect(reference(parse('SecretUri=https://shop.vault.azure.net/secrets/pw', 'vault.azure.cn')).host).toBe(
      'shop.vault.azure.net',
    );
  });

  test.each([
    ['a', false],
    ['ab', false],
    ['abc', true],
    ['a-b', true],
    ['a1-2', true],
    ['1ab', false],
    ['-ab', false],
    ['ab-', false],
    ['a--b', false],
    ['a_b', false],
    ['a.b', false],
    ['shöp', false],
    ['a'.repeat(24), true],
    ['a'.repeat(25), false],
  ])('vault name %j: %s', (name, accepted) => {
    expect('reference' in parse(`VaultName=${name};SecretName=pw`)).toBe(accepted);
    expect('reference' in parseAkvs(`akvs://sub/${name}/pw`)).toBe(accepted);
  });

  test.each([
    ['a', true],
    ['-', true],
    ['A-1', true],
    ['a_b', false],
    ['a.b', false],
    ['a b', false],
    ['a%20b', false],
    ['..', false],
    ['é', false],
    ['a'.repeat(127), true],
    ['a'.repeat(128), false],
  ])('secret name %j: %s', (name, accepted) => {
    expect('reference' in parse(`VaultName=shop;SecretName=${name}`)).toBe(accepted);
    expect('reference' in parse(`SecretUri=https://shop.vault.azure.net/secrets/${name}`)).toBe(accepted);
    expect('reference' in parseAkvs(`akvs://sub/shop/${name}`)).toBe(accepted);
  });

  test.each(['latest', 'a'.repeat(31), 'a'.repeat(33), `${'a'.repeat(31)}-`])('version %j is refused', (version) => {
    expect(problem(parse(`VaultName=shop;SecretName=pw;SecretVersion=${version}`))).toContain('SecretVersion');
    expect(problem(parse(`SecretUri=https://shop.vault.azure.net/secrets/pw/${version}`))).toContain('SecretUri');
    expect(problem(parseAkvs(`akvs://sub/shop/pw/${version}`))).toContain('version');
  });

  test.each([
    'http://shop.vault.azure.net/secrets/pw',
    'xhttps://shop.vault.azure.net/secrets/pw',
    'https://evil.example https://shop.vault.azure.net/secrets/pw',
    'shop.vault.azure.net/secrets/pw',
    'https://user@shop.vault.azure.net/secrets/pw',
    'https://user:pass@shop.vault.azure.net/secrets/pw',
    'https://evil.example#@shop.vault.azure.net/secrets/pw',
    'https://evil.example\\@shop.vault.azure.net/secrets/pw',
    'https://shop.vault.azure.net/secrets/pw?api-version=7.4',
    'https://shop.vault.azure.net/secrets/pw#top',
    'https://shop.vault.azure.net/secrets/p%77',
    'https://shop%2evault.azure.net/secrets/pw',
    'https://[::1]/secrets/pw',
    'https://[::1]:443/secrets/pw',
    'https://shop.vault.azure.net:abc/secrets/pw',
    'https://shop.vault.azure.net:/secrets/pw',
    'https://shop.vault.azure.net:123456/secrets/pw',
    'https:///secrets/pw',
    'https://.vault.azure.net/secrets/pw',
    'https://shop.vault.azure.net./secrets/pw',
    'https://shop.vault.azure.net/secrets/',
    'https://shop.vault.azure.net/secrets//',
    'https://shop.vault.azure.net/secrets/pw//',
    `https://shop.vault.azure.net/secrets/pw//${V1}`,
    `https://shop.vault.azure.net/secrets/pw/${V1}/more`,
    'https://shop.vault.azure.net/secrets/../keys/pw',
    'https://shop.vault.azure.net/keys/pw',
    'https://shop.vault.azure.net/certificates/pw',
    'https://shop.vault.azure.net///secrets/pw',
    'https://shop.vault.azure.net//keys/pw',
    'https://shop.vault.azure.net/secrets/p\nw',
  ])('SecretUri %j is refused', (uri) => {
    expect(problem(parse(`SecretUri=${uri}`))).toContain('SecretUri');
  });

  test.each<[string, string]>([
    ['', 'SecretUri is missing'],
    [' \n', 'SecretUri is missing'],
    [';', 'a key is not known'],
    ['VaultName=shop;;SecretName=pw', 'a key is not known'],
    ['VaultName=shop;SecretName=pw;;', 'a key is not known'],
    ['VaultName=shop', 'SecretName is missing'],
    ['SecretName=pw', 'VaultName is missing'],
    [`SecretVersion=${V1}`, 'SecretUri is missing'],
    ['VaultName=shop;SecretName=pw;Secret=x', 'key "Secret"'],
    ['VaultName=shop;SecretName=pw;Vault Name=x', 'a key is not known'],
    ['VaultName=shop;VAULTNAME=shop;SecretName=pw', 'VaultName is given twice'],
    ['VaultName=shop;SecretName=pw;Default=a;Default=b', 'Default is given twice'],
    ['VaultName=shop;SecretName', 'SecretName has no "="'],
    ['VaultName=;SecretName=pw', 'VaultName is empty'],
    ['VaultName=shop_;SecretName=pw', 'VaultName is not a vault name'],
    ['VaultName=shop;SecretName=p_w', 'SecretName is not a secret name'],
    ['VaultName=shop;SecretName=pw;Field= ', 'Field is empty'],
    ['SecretUri=https://shop.vault.azure.net/secrets/pw;VaultName=shop', 'SecretUri and VaultName'],
    ['SecretUri=https://shop.vault.azure.net/secrets/pw;SecretName=pw', 'SecretUri and SecretName'],
    [`SecretUri=https://shop.vault.azure.net/secrets/pw;SecretVersion=${V1}`, 'SecretUri and SecretVersion'],
    ['SecretUri=https://shop.vault.azure.net/secrets/pw;SecretVersion=', 'SecretUri and SecretVersion'],
    [`VaultName=shop;SecretName=pw;SecretVersion=;SecretVersion=${V1}`, 'SecretVersion is given twice'],
    ['VaultName=shop;SecretName=pw;Identity=me', 'Identity'],
    ['VaultName=shop;SecretName=pw;Identity=object:me', 'Identity'],
    [`VaultName=shop;SecretName=pw;Identity=${GUID}0`, 'Identity'],
    ['VaultName=shop;SecretName=pw;Identity=/subscriptions/a/resourceGroups/b', 'Identity'],
    ['VaultName=shop;SecretName=pw;Field=/a~2', 'Field'],
    ['VaultName=shop;SecretName=pw;Field=/a~', 'Field'],
    ['VaultName=shop;SecretName=pw;Encode=hex', 'Encode'],
    ['VaultName=shop;SecretName=pw;Format=pfx', 'Format'],
    ['VaultName=shop;SecretName=pw;Format=pem;Field=x', 'Format'],
    ['VaultName=shop;SecretName=pw;File=yes', 'File'],
    ['VaultName=shop;SecretName=pw;File=true;Encode=base64', 'File'],
    ['VaultName=shop;SecretName=pw;Optional=yes', 'Optional'],
    ['VaultName=shop;SecretName=pw;Optional=true;Default=x', 'Default and Optional'],
    ['VaultName=shop;SecretName=pw;__proto__=x', 'a key is not known'],
    ['VaultName=shop;SecretName=pw;constructor=x', 'key "constructor"'],
  ])('%j is refused: %s', (params, expected) => {
    expect(problem(parse(params))).toContain(expected);
  });

  test.each([
    ['Secret-Version', 'SecretVersion'],
    ['vault_name', 'VaultName'],
    ['SecretName2', 'SecretName'],
    ['3ncode', 'Encode'],
    ['SecrtName', 'SecretName'],
  ])('%s is named, and %s is meant', (written, meant) => {
    expect(parse(`VaultName=a-vault;${written}=c`)).toMatchObject({
      problem: `key "${written}" is not known.`,
      hint: expect.stringMatching(new RegExp(`^Did you mean ${meant}\\? Known keys: `)),
    });
  });

  test('what is like no key may be anything, and is not named', () => {
    for (const written of ['Tr0ub4dor', 'x-1', 'a_b', 'Secret"Name', 'Secret\nName', `SecretName${'x'.repeat(2000)}`]) {
      expect(problem(parse(`VaultName=shop;SecretName=pw;${written}=c`))).toBe('a key is not known.');
    }
    expect(parse('VaultName=shop;SecretNme')).toMatchObject({
      problem: 'a key is not known.',
      hint: expect.stringMatching(/^Did you mean SecretName\?/),
    });
  });

  test('a comma between keys, and an address without its key, are what one writes by mistake', () => {
    expect(parse('VaultName=shop,SecretName=pw')).toMatchObject({
      hint: expect.stringMatching(/^Between keys stands ";"\./),
    });
    expect(parse('VaultName=shop')).toMatchObject({ hint: expect.stringMatching(/^Give SecretUri=.*, or VaultName=/) });
    expect(parse('https://shop.vault.azure.net/secrets/pw')).toMatchObject({
      hint: expect.stringMatching(/^Write SecretUri= before the address\./),
    });
  });

  test('a certificate’s identifier, which stands first in the portal, is told from its secret’s', () => {
    expect(parse('SecretUri=https://shop.vault.azure.net/certificates/www')).toMatchObject({
      problem: 'SecretUri is not a secret identifier.',
      hint: expect.stringMatching(/write \/secrets\/ in place of \/certificates\//),
    });
    expect(parse('SecretUri=https://shop.vault.azure.net/keys/www')).toMatchObject({
      hint: expect.stringMatching(/^It is https:/),
    });
  });

  test('who writes a key that is like none is shown all of them', () => {
    expect(parse('Colour=x')).toMatchObject({
      problem: 'key "Colour" is not known.',
      hint: expect.stringMatching(/^Known keys: SecretUri, VaultName, .*, Default\. A Default cannot hold/),
    });
  });

  test('what could be a misplaced value is not quoted', () => {
    for (const params of [
      'hunter',
      'VaultName=shop;SecretName=pw;Default=pass;hunter',
      'VaultName=hunter2!;SecretName=pw',
      'VaultName=shop;SecretName=hunter_2',
      'VaultName=shop;SecretName=pw;Encode=hunter',
      'VaultName=shop;SecretName=pw;Optional=hunter',
      'VaultName=shop;SecretName=pw;Identity=hunter',
      'VaultName=shop;SecretName=pw;Field=/~hunter',
      'SecretUri=hunter',
    ]) {
      expect(JSON.stringify(parse(params)), params).not.toContain('hunter');
    }
  });
});

describe('akvs://', () => {
  const AKVS = { ...BASE, marker: 'akvs' };
  test('with and without a version', () => {
    expect(reference(parseAkvs(`akvs://${GUID}/shop/pw`))).toEqual(AKVS);
    expect(reference(parseAkvs(`AKVS://${GUID.toUpperCase()}/Shop/PW/${V1}`))).toEqual({ ...AKVS, version: V1 });
    expect(reference(parseAkvs(`akvs://${GUID}/shop/pw`, 'vault.azure.cn')).host).toBe('shop.vault.azure.cn');
  });

  test.each([
    ['akvs://', 'the subscription'],
    ['akvs:///shop/pw', 'the subscription'],
    ['akvs://s u b/shop/pw', 'the subscription'],
    ['akvs://sub', 'the vault name'],
    ['akvs://sub/shop', 'too few or too many parts'],
    [`akvs://sub/shop/pw/${V1}/more`, 'too few or too many parts'],
    ['akvs://sub/shop/', 'the secret name of akvs://'],
    ['akvs://sub/shop/pw?x', 'the secret name of akvs://'],
    ['akvs://sub/shop/pw ', 'the secret name of akvs://'],
    ['akvs://sub/shop/pw/', 'the version of akvs://'],
    ['akvs://sub/shop/'.padEnd(MAX_REFERENCE_LENGTH, 'a'), 'the secret name of akvs://'],
    ['akvs://sub/shop/'.padEnd(MAX_REFERENCE_LENGTH + 1, 'a'), 'longer than'],
  ])('malformed %#: %j', (text, expected) => {
    expect(problem(parseAkvs(text))).toContain(expected);
  });
});
