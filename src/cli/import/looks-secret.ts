/** Words of names, however they are joined: DB_PASSWORD, db-password, dbPassword. */
const NAMES =
  /pass(word|wd|phrase)|pwd|secret|token|credential|api_?key|(access|account|private|shared|signing|encryption|master|function|host|license)_?key|_key$|^key$|conn(ection)?_?str(ing)?|database_?url|dsn$|webhook|(^|_)(sas|jwt|pin|salt|pat)(_|$)/;

/** What only secrets look like. */
const VALUES: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'an address with a password'],
  [
    /(^|;)\s*(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|ApiKey)\s*=\s*[^;\s]/i,
    'a connection string with a key',
  ],
  [/[?&](sig|code|api[-_]?key|access_token)=[^&\s]{8,}/i, 'an address with a key'],
  [/^eyJ[\w-]{8,}\.[\w-]+\./, 'a token'],
  [
    /^(gh[pousr]_|github_pat_|xox[abprs]-|sk[-_](live|test|proj|ant)|rk_live_|AKIA|AIza|SG\.|npm_|glpat-)/,
    'a key of a known service',
  ],
];

/** Why a setting looks like a secret; `undefined` if it does not. Never quotes the value. */
export function whySecret(name: string, value: string): string | undefined {
  const byValue = VALUES.find(([pattern]) => pattern.test(value));
  if (byValue) return byValue[1];
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  // Built into what everybody gets, or the half of a pair that everybody may have.
  if (/(^|_)public(_|$)/.test(words)) return undefined;
  const switches = /^(true|false|yes|no|on|off|\d{1,6})$/i;
  if (NAMES.test(words) && !switches.test(value)) return 'its name';
  return isRandom(value) ? 'random characters' : undefined;
}

/** One word of 20 characters and more, of letters and digits so mixed as nobody writes them; not a GUID, which names things. */
function isRandom(value: string): boolean {
  if (!/^[\w+/=~.-]{20,}$/.test(value) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return false;
  const turns = value.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return turns >= value.length / 8;
}
