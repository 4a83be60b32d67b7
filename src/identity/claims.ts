import { isObject, parseJson } from '../support/json.js';

/** The claims of a JWT, unverified; of anything else none. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.', 3);
  const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  return isObject(claims) ? claims : {};
}
