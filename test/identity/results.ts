// Identities, tokens and results: what tests need that start no server.
import type { Failure, Result } from '../../src/support/failure.js';

export const CLIENT_ID = '11111111-1111-4111-8111-111111111111';
export const OBJECT_ID = '22222222-2222-4222-8222-222222222222';
export const RESOURCE_ID =
  '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/web/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app';

export function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2lnbmF0dXJl`;
}

export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('expected a failure');
  return result.failure;
}

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`expected a value, got ${result.failure.code}: ${result.failure.details}`);
  return result.value;
}
