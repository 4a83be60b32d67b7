// What the app's facts say of our premises. Pure. Nothing of the facts is printed but words from these lists and numbers.

/**
 * @typedef {{ premise: string, verdict: 'pass' | 'fail' | 'unknown', detail: string }} Outcome
 * @typedef {{
 *   raw?: Record<string, string>, now?: Record<string, string>, same?: boolean, composed?: boolean,
 *   startedAt?: number, record?: Record<string, unknown>, tokens?: Record<string, unknown>[],
 *   vault?: Record<string, unknown>,
 *   report?: { status?: string, durationMs?: number, settings?: Record<string, unknown>[] },
 * }} Facts
 */

const KINDS = ['absent', 'reference', 'platform-reference', 'template', 'value'];
const FORMS = ['none', 'number', 'digits', 'date with AM or PM', 'ISO 8601', 'other'];
const STATUSES = [
  'Initialized',
  'Resolved',
  'InvalidSyntax',
  'MSINotEnabled',
  'VaultNotFound',
  'SecretNotFound',
  'SecretVersionNotFound',
  'AccessToKeyVaultDenied',
  'OtherReasons',
  'FetchTimedOut',
  'UnauthorizedClient',
];

/** @param {readonly string[]} list @param {unknown} word */
const known = (list, word) => (list.includes(String(word)) ? String(word) : 'something unexpected');

/**
 * @param {string} premise
 * @param {boolean | undefined} holds nothing when it cannot be told
 * @param {string} detail
 * @returns {Outcome}
 */
export function outcome(premise, holds, detail) {
  return { premise, verdict: holds === undefined ? 'unknown' : holds ? 'pass' : 'fail', detail };
}

/** While all is well. @param {Facts} facts @returns {Outcome[]} */
export function judge({ raw, now, same, composed, record, tokens, vault, report }) {
  const ours = settingOf(report, 'SMOKE_OURS');
  return [
    outcome(
      'the platform leaves @KeyVault( alone',
      raw?.['SMOKE_OURS'] === 'reference',
      `at start the setting was ${known(KINDS, raw?.['SMOKE_OURS'])}`,
    ),
    outcome(
      'vaultstrap resolves it',
      now?.['SMOKE_OURS'] === 'value' && ours?.['status'] === 'Resolved' && ours['origin'] === 'reference',
      `status ${known(STATUSES, ours?.['status'])}; the variable holds ${known(KINDS, now?.['SMOKE_OURS'])}`,
    ),
    outcome('a template is composed around it', composed === true, composed === true ? 'as written' : 'it is not'),
    outcome(
      'the platform resolves @Microsoft.KeyVault( before us',
      raw?.['SMOKE_PLATFORM'] === 'value',
      `at start the setting was ${known(KINDS, raw?.['SMOKE_PLATFORM'])}`,
    ),
    outcome(
      'both spellings give the same bytes',
      same === true,
      same === true ? 'equal' : 'they differ, or one is missing',
    ),
    judgeRecord(record),
    outcome(
      'what the platform resolved is adopted, and rotates',
      settingOf(report, 'SMOKE_PLATFORM')?.['origin'] === 'platform',
      settingOf(report, 'SMOKE_PLATFORM') ? 'it is in the report' : 'it is not in the report',
    ),
    ...(tokens ?? []).map(judgeToken),
    outcome(
      'the vault speaks HTTP/1.1',
      vault?.['alpn'] === undefined ? undefined : vault['alpn'] !== 'h2',
      `by ALPN it chose ${known(['h2', 'http/1.1', 'none'], vault?.['alpn'])}, over ${known(['TLSv1.2', 'TLSv1.3'], vault?.['tls'])}`,
    ),
  ];
}

/** @param {Facts['report']} report @param {string} name */
function settingOf(report, name) {
  return report?.settings?.find(({ setting }) => setting === name);
}

/** @param {Facts['record']} record */
function judgeRecord(record) {
  const premise = 'WEBSITE_KEYVAULT_REFERENCES has the shape of Kudu’s source';
  if (!record?.['present']) return outcome(premise, false, 'the variable is not there');
  if (record['notJson']) return outcome(premise, false, 'it is not JSON');
  const members = Array.isArray(record['members']) ? record['members'] : [];
  const settings = Array.isArray(record['settings']) ? record['settings'] : [];
  const statuses = Array.isArray(record['statuses']) ? record['statuses'] : [];
  const hasMembers = members.includes('rawReference') && members.includes('status');
  const words = [...new Set(statuses.map((status) => known(STATUSES, status)))].join(', ');
  return outcome(
    premise,
    hasMembers && record['rawReferences'] === true && settings.includes('SMOKE_PLATFORM'),
    `${hasMembers ? 'rawReference and status are there' : 'rawReference or status is missing'}; ${members.length} members; status ${words}`,
  );
}

/** @param {Record<string, unknown>} token @returns {Outcome} */
function judgeToken(token) {
  const protocol = known(['2019-08-01', '2017-09-01'], token['protocol']);
  const premise = `tokens of ${protocol} state their expiry in a form that we read`;
  if (token['failed']) return outcome(premise, false, 'the endpoint did not answer');
  if (token['absent']) return outcome(premise, undefined, 'no such endpoint here');
  if (token['status'] !== 200) return outcome(premise, false, `status ${Number(token['status'])}`);
  const [on, within] = [known(FORMS, token['expiresOn']), known(FORMS, token['expiresIn'])];
  return outcome(
    premise,
    ['number', 'digits', 'date with AM or PM', 'ISO 8601'].includes(on) || ['number', 'digits'].includes(within),
    `expires_on: ${on}; expires_in: ${within}`,
  );
}

/** After a restart while the vault refuses everybody. @param {Facts} facts @returns {Outcome[]} */
export function judgeOutage({ raw, now, report }) {
  const ours = settingOf(report, 'SMOKE_OURS');
  return [
    outcome(
      'in an outage the platform starts @Microsoft.KeyVault( from its cache',
      raw?.['SMOKE_PLATFORM'] === 'value',
      `at start the setting was ${known(KINDS, raw?.['SMOKE_PLATFORM'])}`,
    ),
    outcome(
      'in an outage @KeyVault( fails closed, with no value and nothing raw',
      now?.['SMOKE_OURS'] === 'absent' && ours !== undefined && ours['status'] !== 'Resolved',
      `status ${known(STATUSES, ours?.['status'])}; the variable holds ${known(KINDS, now?.['SMOKE_OURS'])}`,
    ),
  ];
}

/** What Kudu shows as app settings. @param {Record<string, unknown> | undefined} shown @returns {Outcome} */
export function judgeKudu(shown) {
  const premise = 'Kudu shows no value for @KeyVault(';
  const ours = shown?.['SMOKE_OURS'];
  if (ours === undefined) return outcome(premise, undefined, 'Kudu did not show the setting');
  const isReference = /^@KeyVault\([^)]*\)$/.test(String(ours));
  const platform = shown?.['SMOKE_PLATFORM'];
  const beside = /^@Microsoft\.KeyVault\(/.test(String(platform)) ? 'a reference, too' : 'no reference';
  return outcome(
    premise,
    isReference,
    `it shows ${isReference ? 'the reference' : 'something else'}; for @Microsoft.KeyVault( ${beside}`,
  );
}

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
