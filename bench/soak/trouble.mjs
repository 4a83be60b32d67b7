// What happens to the vault and the identity endpoint, drawn from seeded randomness.

/** Mulberry32: the same seed, the same trouble. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What may pass, and what says nothing about the secret: a pair waits for its other half. */
const OUTAGES = [
  { status: 500 },
  { status: 503, headers: { 'Retry-After': '1' } },
  { status: 429 },
  { status: 429, headers: { 'Retry-After': '2' } },
  { status: 200, body: '{"value":"half a val' },
  { status: 200, body: '<html>sign in</html>' },
  { hugeBytes: 4_000_000 },
  { reset: true },
  { truncate: true },
  { hang: true },
  { drip: { everyMs: 5, bytes: 20 } },
  { delayMs: 30 },
  { status: 401 },
  { status: 404 },
  { redirectTo: 'https://127.0.0.1:9/' },
];
/** The vault's own word, which is an answer. It holds nobody up, not even the other half of a pair: these meet single secrets. */
const REFUSALS = [
  { status: 403, body: { error: { code: 'Forbidden', innererror: { code: 'ForbiddenByRbac' } } } },
  { status: 403, body: { error: { code: 'Forbidden', innererror: { code: 'SecretDisabled' } } } },
  { status: 404, body: { error: { code: 'SecretNotFound' } } },
];
const IDENTITY = [
  { status: 400 },
  { status: 401 },
  { status: 429, headers: { 'Retry-After': '1' } },
  { status: 500 },
  { status: 200, body: '<html>sign in</html>' },
  { hugeBytes: 4_000_000 },
  { reset: true },
  { truncate: true },
  { hang: true },
];

/**
 * One piece of trouble: `fault` for `lastsMs`, and what else happens when it begins.
 *
 * @param {() => number} random
 * @param {readonly string[]} secrets
 * @param {readonly string[]} singles those of them that belong to no pair
 */
export function nextTrouble(random, secrets, singles) {
  const pick = (items) => items[Math.floor(random() * items.length)];
  // Half of it heals while a refresh is still trying.
  const times = random() < 0.5 ? { times: 1 + Math.floor(random() * 6) } : {};
  const kind = random();
  const ofIdentity = kind < 0.25;
  const fault = ofIdentity
    ? { target: 'identity', ...pick(IDENTITY) }
    : kind < 0.45
      ? { target: 'vault', secret: pick(singles), ...pick(REFUSALS) }
      : { target: 'vault', ...(random() < 0.5 && { secret: pick(secrets) }), ...pick(OUTAGES) };
  return {
    fault: { ...fault, ...times },
    lastsMs: Math.round(50 + random() * 350),
    revoke: ofIdentity || random() < 0.1,
    drop: random() < 0.15,
    newHeader: random() < 0.05,
    rotate: random() < 0.4,
    refresh: random() < 0.3,
  };
}
