// Issues and recognises the emulator's tokens. They look like Entra's, but no
// key signs them: what makes one valid is that this emulator remembers it.
import { randomBytes, randomUUID } from 'node:crypto';
import { EMULATOR_ISSUER } from '../../support/emulator-issuer.js';
import type { TokenSettings } from '../protocol.js';
import { type ServerClock, toSeconds } from './clock.js';
import type { Identity } from './identities.js';

/** Oldest first out; far more than a test needs. */
const MAX_REMEMBERED_TOKENS = 50_000;

export interface Token {
  readonly text: string;
  readonly identity: Identity;
  readonly resource: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

export interface TokenStore {
  readonly settings: TokenSettings;
  configure(settings: Partial<TokenSettings>): void;
  issue(identity: Identity, resource: string): Token;
  /** The token by its text; undefined if it was never issued here or is revoked. */
  find(text: string): Token | undefined;
  hasExpired(token: Token): boolean;
  revokeAll(): void;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

export function createTokenStore(tenantId: string, initial: TokenSettings, clock: ServerClock): TokenStore {
  let settings = initial;
  const byText = new Map<string, Token>();
  const latest = new Map<string, Token>();

  function create(identity: Identity, resource: string): Token {
    const issuedAtSeconds = toSeconds(clock.nowMs());
    const expiresAtSeconds = issuedAtSeconds + settings.lifeSeconds;
    const header = encode({ typ: 'JWT', alg: 'none', kid: 'vaultstrap-emulator' });
    const claims = encode({
      aud: resource,
      iss: EMULATOR_ISSUER,
      iat: issuedAtSeconds,
      nbf: issuedAtSeconds,
      exp: expiresAtSeconds,
      appid: identity.clientId,
      idtyp: 'app',
      oid: identity.objectId,
      sub: identity.objectId,
      tid: tenantId,
      jti: randomUUID(),
      ver: '1.0',
      ...(identity.resourceId !== undefined && { xms_mirid: identity.resourceId }),
    });
    const text = `${header}.${claims}.${randomBytes(256).toString('base64url')}`;
    return { text, identity, resource, issuedAtSeconds, expiresAtSeconds };
  }

  return {
    get settings() {
      return settings;
    },
    configure: (changes) => {
      settings = { ...settings, ...changes };
      // What is cached upstream was made to the old settings.
      latest.clear();
    },
    issue: (identity, resource) => {
      const id = `${identity.clientId} ${resource}`;
      const last = latest.get(id);
      if (settings.reuse && last && byText.has(last.text)) {
        const halfLifeSeconds = (last.expiresAtSeconds - last.issuedAtSeconds) / 2;
        if (toSeconds(clock.nowMs()) < last.issuedAtSeconds + halfLifeSeconds) return last;
      }
      const token = create(identity, resource);
      byText.set(token.text, token);
      latest.set(id, token);
      if (byText.size > MAX_REMEMBERED_TOKENS) {
        const oldest = byText.keys().next().value;
        if (oldest !== undefined) byText.delete(oldest);
      }
      return token;
    },
    find: (text) => byText.get(text),
    hasExpired: (token) => clock.nowMs() >= token.expiresAtSeconds * 1000,
    revokeAll: () => {
      byText.clear();
      latest.clear();
    },
  };
}
