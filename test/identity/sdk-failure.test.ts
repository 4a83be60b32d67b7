// What each error of @azure/identity means. Its own classes; what stands in their causes is msal-node's.
import {
  AggregateAuthenticationError,
  AuthenticationError,
  AuthenticationRequiredError,
  CredentialUnavailableError,
} from '@azure/identity';
import { describe, expect, test } from 'vitest';
import type { TokenContext } from '../../src/identity/failure.js';
import { sdkFailure } from '../../src/identity/sdk-failure.js';

const VM: TokenContext = {
  source: 'default-azure-credential',
  identity: { kind: 'system' },
  identityFrom: 'default',
};
const POD: TokenContext = { ...VM, source: 'workload-identity' };
const ARC: TokenContext = { ...VM, source: 'azure-arc' };

const answered = (status: number) => Object.assign(new Error('text'), { name: 'ServerError', status });
const network = Object.assign(new Error('text'), { name: 'ClientAuthError', errorCode: 'network_error' });
const unconfirmed = Object.assign(new Error('text'), { errorCode: 'user_assigned_managed_identity_not_confirmed' });
const required = (cause: Error) => Object.assign(new AuthenticationRequiredError({ scopes: [] }), { cause });
const unavailable = (cause?: Error) => new CredentialUnavailableError('text', { cause });
const chain = (...errors: Error[]) => new AggregateAuthenticationError(errors, 'text');

const failureOf = (error: unknown, context: TokenContext) => {
  const { status, code, retry, cause } = sdkFailure(error, context, ['AzureCliCredential']);
  return [status, code, retry, cause?.status];
};

describe('a sign-in', () => {
  test.each<[string, Error, (string | number | undefined)[]]>([
    [
      'that Entra refuses as such',
      new AuthenticationError(400, {}),
      ['MSINotEnabled', 'ERR_IDENTITY_REFUSED', 'never', 400],
    ],
    ['that it refuses today', new AuthenticationError(403, {}), ['MSINotEnabled', 'ERR_IDENTITY_REFUSED', 'few', 403]],
    ['refused, as msal-node has it', required(answered(400)), ['MSINotEnabled', 'ERR_IDENTITY_REFUSED', 'never', 400]],
    ['with Entra in trouble', required(answered(503)), ['OtherReasons', 'ERR_IDENTITY_UNAVAILABLE', 'deadline', 503]],
    ['without a network', required(network), ['OtherReasons', 'ERR_IDENTITY_UNAVAILABLE', 'deadline', undefined]],
    [
      'without one behind the SDK’s own pipeline',
      Object.assign(new Error('text'), { name: 'RestError', code: 'ENOTFOUND' }),
      ['OtherReasons', 'ERR_IDENTITY_UNAVAILABLE', 'deadline', undefined],
    ],
    ['that fails otherwise', new Error('text'), ['MSINotEnabled', 'ERR_IDENTITY_REFUSED', 'few', undefined]],
    // Entra's description of itself, which it could not get.
    ['that could not begin', unavailable(), ['MSINotEnabled', 'ERR_IDENTITY_UNAVAILABLE', 'deadline', undefined]],
  ])('%s', (_name, error, expected) => {
    expect(failureOf(error, POD)).toEqual(expected);
  });

  test('the remedy is that of the pod where Entra has answered so, and else of the way to it', () => {
    const hintOf = (error: unknown, context: TokenContext) => sdkFailure(error, context, []).hint;
    expect(hintOf(required(answered(400)), POD)).toContain('federated credential');
    expect(hintOf(required(answered(503)), POD)).not.toContain('federated credential');
    expect(hintOf(required(answered(400)), VM)).not.toContain('federated credential');
    expect(hintOf(unavailable(), POD)).toContain('AZURE_AUTHORITY_HOST');
  });
});

describe('nobody who could sign in', () => {
  test.each<[string, Error, (string | number | undefined)[]]>([
    ['at all', chain(unavailable(), unavailable()), ['MSINotEnabled', 'ERR_IDENTITY_NOT_FOUND', 'never', undefined]],
    ['with a name of its own', unavailable(), ['MSINotEnabled', 'ERR_IDENTITY_NOT_FOUND', 'never', undefined]],
    [
      'where the endpoint cannot be reached',
      chain(unavailable(), unavailable(network)),
      ['MSINotEnabled', 'ERR_IDENTITY_NOT_FOUND', 'few', undefined],
    ],
    [
      'where the endpoint is in trouble',
      chain(unavailable(), unavailable(answered(429)), unavailable()),
      ['OtherReasons', 'ERR_IDENTITY_UNAVAILABLE', 'deadline', 429],
    ],
    [
      'where the endpoint has no such identity',
      unavailable(answered(400)),
      ['MSINotEnabled', 'ERR_IDENTITY_NOT_ASSIGNED', 'never', 400],
    ],
    ['where the endpoint refuses', unavailable(answered(404)), ['MSINotEnabled', 'ERR_IDENTITY_NOT_FOUND', 'few', 404]],
    [
      'where the agent has given another identity',
      unavailable(unconfirmed),
      ['MSINotEnabled', 'ERR_IDENTITY_SELECTOR', 'never', undefined],
    ],
  ])('%s', (_name, error, expected) => {
    expect(failureOf(error, ARC)).toEqual(expected);
  });

  test('what was looked for is named', () => {
    expect(sdkFailure(chain(unavailable()), VM, ['AzureCliCredential']).details).toBe(
      'no identity was found (default-azure-credential, AzureCliCredential).',
    );
  });
});
