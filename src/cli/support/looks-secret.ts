import { bareName, isProtected } from '../../settings/names.js';
import { isMisspelt } from '../../settings/near-reference.js';

/** Why a setting looks like a secret. */
export interface Look {
  /** Never quotes the value. */
  readonly why: string;
  /** Nothing but a secret looks like this; else its name, or its letters, make one think of one. */
  readonly isCertain: boolean;
}

interface Named {
  readonly name: string;
  readonly value: string;
}

/** The emulator's account, which the whole world knows, and what is good on this machine only. */
const HARMLESS = /devstoreaccount1|UseDevelopmentStorage=true|\blocalhost\b|\b127\.0\.0\.1\b/i;

/** Words of names, however they are joined: DB_PASSWORD, db-password, dbPassword. */
const NAMES =
  /pass(word|wd|phrase)|pwd|secret|token|credential|api_?key|(access|account|private|shared|signing|encryption|master|function|host|license)_?key|_key$|^key$|conn(ection)?_?str(ing)?|database_?url|dsn$|webhook|(^|_)(sas|jwt|pin|salt|pat)(_|$)/;

/**
 * The members of Azure's connection strings that are secret; secretlint has no rule for them.
 * https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string, and of each service.
 */
const MEMBER = /(?:^|[;,])\s*(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|ApiKey)\s*=\s*[^;,\s]/i;

/** What secrets look like. */
const VALUES: readonly (readonly [pattern: RegExp, why: string, isCertain: boolean])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key', true],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'an address with a password', true],
  // https://learn.microsoft.com/rest/api/storageservices/create-service-sas
  [/[?&]sig=[\w%+/-]{20,}/, 'a shared access signature', true],
  [/[?&](sig|code|api[-_]?key|access_token)=[^&\s]{8,}/i, 'an address with a key', false],
  [/^eyJ[\w-]{8,}\.[\w-]+\./, 'a token', true],
  [
    /^(gh[pousr]_|github_pat_|xox[abprs]-|sk[-_](live|test|proj|ant)|rk_live_|AKIA|AIza|SG\.|npm_|glpat-)/,
    'a key of a known service',
    false,
  ],
];

/** What import takes and lint warns of: one judgement, with secretlint's rules for what many services call a key. */
export async function looksOf(settings: readonly Named[]): Promise<readonly (Look | undefined)[]> {
  const looks = settings.map(lookAt);
  const unsure = settings.flatMap(({ value }, index) =>
    looks[index]?.isCertain || value.length < 8 || HARMLESS.test(value) ? [] : [{ index, value }],
  );
  const rules = await detect(unsure.map(({ value }) => value));
  for (const [at, rule] of rules) {
    const one = unsure[at];
    if (one) looks[one.index] = { why: `what looks like a secret (secretlint: ${rule})`, isCertain: true };
  }
  return looks;
}

/** Without secretlint. */
export function lookAt({ name, value }: Named): Look | undefined {
  if (HARMLESS.test(value)) return undefined;
  const member = MEMBER.exec(value)?.[1];
  if (member) return { why: `a connection string with ${member}`, isCertain: true };
  const byValue = VALUES.find(([pattern]) => pattern.test(value));
  if (byValue) return { why: byValue[1], isCertain: byValue[2] };
  // Told as that, and a pointer is no secret.
  if (isMisspelt(value)) return undefined;
  const words = bareName(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
  // Built into what everybody gets, or the half of a pair that everybody may have.
  if (/(^|_)public(_|$)/.test(words)) return undefined;
  const isSwitch = /^(true|false|yes|no|on|off|\d{1,6}|)$/i.test(value);
  if (NAMES.test(words) && !isSwitch && !isProtected(name) && !isReadByHost(name)) {
    return { why: 'its name', isCertain: false };
  }
  return isRandom(value) ? { why: 'random characters', isCertain: false } : undefined;
}

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings */
export function isReadByHost(name: string): boolean {
  return /^(AzureWebJobs|AzureFunctions|FUNCTIONS_|APPLICATIONINSIGHTS_|APPINSIGHTS_|SCM_|DOCKER_|ASPNETCORE_)/i.test(
    name,
  );
}

/** One word of 20 characters and more, of letters and digits so mixed as nobody writes them; not a GUID, which names things. */
function isRandom(value: string): boolean {
  if (!/^[\w+/=~.-]{20,}$/.test(value) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return false;
  const turns = value.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return turns >= value.length / 8;
}

/** Which of the texts secretlint knows for secrets, and by which rule: one text for all, since each costs. */
async function detect(values: readonly string[]): Promise<ReadonlyMap<number, string>> {
  if (values.length === 0) return new Map();
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const config: Parameters<typeof lintSource>[0]['options']['config'] = {
    rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, rules: [] }],
  };
  const between = '\n\n';
  const { messages } = await lintSource({
    source: { content: values.join(between), filePath: 'settings', ext: '', contentType: 'text' },
    options: { config, maskSecrets: true, noPhysicFilePath: true },
  });
  let end = 0;
  const ends = values.map((value) => {
    end += value.length + between.length;
    return end;
  });
  return new Map(
    messages.map(({ range, ruleId }) => [
      ends.findIndex((offset) => range[0] < offset),
      ruleId.replace(/^@secretlint\/secretlint-rule-/, ''),
    ]),
  );
}
