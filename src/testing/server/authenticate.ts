import type { VaultHost } from './clouds.js';
import type { Token, TokenStore } from './tokens.js';

/** The token of a request, or why it is refused; an empty `refusal` means that there was none. */
export type Authentication = { readonly token: Token } | { readonly refusal: string | undefined };

/** A claim of a foreign token, read for the message only. */
function foreignIssuer(text: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
    const issuer = (claims as { iss?: unknown } | null)?.iss;
    return typeof issuer === 'string' && /^[\x21-\x7e]{1,200}$/.test(issuer) ? issuer : undefined;
  } catch {
    return undefined;
  }
}

/** The texts are the service's as far as they are known; each cause has its own. */
export function authenticate(header: string | undefined, host: VaultHost, tokens: TokenStore): Authentication {
  const text = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (text === undefined) return { refusal: undefined };
  const token = tokens.find(text);
  if (!token) {
    const issuer = foreignIssuer(text);
    return {
      refusal:
        issuer === undefined
          ? '[BearerReadAccessTokenFailed] Error reading token: it is not a JWT.'
          : `AKV10032: Invalid issuer. This emulator issued no such token, or has revoked it; issuer found: ${issuer}.`,
    };
  }
  if (!host.audiences.includes(token.resource)) {
    return { refusal: `AKV10022: Invalid audience. Expected ${host.resource}, found: ${token.resource}.` };
  }
  if (tokens.hasExpired(token)) {
    return {
      refusal: '[TokenExpired] Error validating token: IDX10223: Lifetime validation failed. The token is expired.',
    };
  }
  return { token };
}
