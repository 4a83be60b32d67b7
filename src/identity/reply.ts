import { fail, type Result } from '../support/failure.js';
import type { HttpReply } from '../support/http.js';
import { parseJson } from '../support/json.js';
import { Secret } from '../support/secret.js';
import { expiryMs } from './expiry.js';
import { malformed, refused, type TokenContext } from './failure.js';
import { refuseAnothers } from './whose.js';

export interface AccessToken {
  readonly token: Secret;
  readonly expiresOnMs: number;
  /** Which credential of the SDK's chain gave it, as the SDK calls it. */
  readonly by?: string;
}

/** In both lanes: whoever sends more is no identity endpoint. */
export const MAX_REPLY_BYTES = 256 * 1024;
/** Longer is not a token: real ones have 1 to 4 KB. */
const MAX_TOKEN_LENGTH = 64_000;

export function readTokenReply(reply: HttpReply, context: TokenContext, nowMs: number): Result<AccessToken> {
  if (reply.status !== 200) return fail(refused(reply, context));
  const body = parseJson(reply.body);
  if (body === undefined) return fail(malformed(context, 'is not JSON'));
  const { access_token, expires_on, expires_in, client_id } = (body ?? {}) as Record<string, unknown>;
  if (typeof access_token !== 'string' || access_token === '') return fail(malformed(context, 'has no access_token'));
  // Only what a header can carry.
  if (access_token.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(access_token)) {
    return fail(malformed(context, 'has a malformed access_token'));
  }
  const token = {
    token: new Secret(access_token),
    expiresOnMs: expiryMs({ access_token, expires_on, expires_in }, nowMs),
  };
  return refuseAnothers(token, context, client_id);
}
