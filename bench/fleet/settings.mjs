// What every instance is configured with, and what its values must look like: each names its generation.

/** The settings of one instance. `secrets` counts secrets, not settings. */
export function settingsOf(secrets) {
  const ref = (secret, more = '') => `@KeyVault(VaultName=shop;SecretName=${secret}${more})`;
  return {
    // A pair, used one by one and together in a template.
    DB_USER: ref('db-user'),
    DB_PASSWORD: ref('db-password'),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of dotenv's
    DATABASE_URL: 'postgres://${DB_USER}:${DB_PASSWORD}@db/shop',
    // A pair that exists in one setting only.
    CACHE_URL: `redis://${ref('cache-user')}:${ref('cache-password', ';Encode=uri')}@cache`,
    // The true atom: two members of one JSON secret.
    SERVICE_USER: ref('service', ';Field=user'),
    SERVICE_KEY: ref('service', ';Field=key'),
    ...Object.fromEntries(singlesOf(secrets).map((secret) => [settingOf(secret), ref(secret)])),
  };
}

/** Secrets that stand alone: all but the two pairs and the JSON secret. */
export function singlesOf(secrets) {
  return Array.from({ length: secrets - 5 }, (_, i) => `single-${i}`);
}

export const settingOf = (secret) => secret.toUpperCase().replaceAll('-', '_');

/** What the vault holds in a generation. */
export function valueIn(secret, generation) {
  return secret === 'service'
    ? JSON.stringify({ user: `user-g${generation}`, key: `key-g${generation}` })
    : `${secret}-g${generation}`;
}

/** Settings that must always be of one generation. */
export const TOGETHER = [['DB_USER', 'DB_PASSWORD', 'DATABASE_URL'], ['CACHE_URL'], ['SERVICE_USER', 'SERVICE_KEY']];

/** The generations that a value names, one for each secret in it; none if it is missing or raw. */
export function generationsIn(value) {
  return Array.from((value ?? '').matchAll(/-g(\d+)/g), ([, digits]) => Number(digits));
}
