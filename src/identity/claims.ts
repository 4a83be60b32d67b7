import { isObject, parseJson } from '../support/json.js';

/** The claims of a JWT, unverified; of anything else none. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.', 3);
  const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  return isObject(claims) ? claims : {};
}

/**
 * Whether a token that says so much is a person's: scopes are in users' tokens only.
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
export function isPersons(claims: Readonly<Record<string, unknown>>): boolean {
  return 'scp' in claims || claims['idtyp'] === 'user';
}
