import { MARKER } from '../../../settings/scan.js';
import { type Finding, finding } from '../finding.js';
import type { Setting, SettingsFile } from './setting.js';

/**
 * The members of Azure's connection strings that are secret. secretlint has no rule for them.
 * https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string, and of each service.
 */
const SECRET_MEMBER = /(?:^|[;,])\s*(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*=\s*([^;,]{6,})/i;
/** A shared access signature: https://learn.microsoft.com/rest/api/storageservices/create-service-sas */
const SIGNATURE = /[?&]sig=[\w%+/-]{20,}/;
/** The emulator's account, which the whole world knows. */
const EMULATOR = /devstoreaccount1|UseDevelopmentStorage=true|localhost|127\.0\.0\.1/i;

/** Secrets in plain text. No value leaves this function, only where it stands and what kind it is. */
export async function findPlaintextSecrets(file: SettingsFile): Promise<readonly Finding[]> {
  const severity = file.kind === 'template' ? 'error' : 'warning';
  const found: Finding[] = [];
  const add = ({ name, value, at }: Setting, kind: string) =>
    found.push(
      finding(
        file.source,
        at(0, value.length),
        ['plaintext-secret', severity],
        `${name || 'a text'} holds ${kind} in plain text.`,
        'Put it into a vault, and a reference here: @KeyVault(VaultName=...;SecretName=...).',
      ),
    );
  const others: Setting[] = [];
  for (const setting of file.settings) {
    const { value, isPartial } = setting;
    if (isPartial || value.length < 8 || MARKER.test(value) || value.includes('${') || EMULATOR.test(value)) continue;
    const member = SECRET_MEMBER.exec(value)?.[1];
    if (member) add(setting, `a connection string with ${member}`);
    else if (SIGNATURE.test(value)) add(setting, 'a shared access signature');
    else others.push(setting);
  }
  for (const { setting, rule } of await detect(others)) add(setting, `what looks like a secret (secretlint: ${rule})`);
  return found;
}

/** The settings whose values secretlint knows for secrets, and by which rule: one text for all, since each costs. */
async function detect(settings: readonly Setting[]): Promise<readonly { setting: Setting; rule: string }[]> {
  if (settings.length === 0) return [];
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const config: Parameters<typeof lintSource>[0]['options']['config'] = {
    rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, rules: [] }],
  };
  const between = '\n\n';
  const content = settings.map(({ value }) => value).join(between);
  const { messages } = await lintSource({
    source: { content, filePath: 'settings', ext: '', contentType: 'text' },
    options: { config, maskSecrets: true, noPhysicFilePath: true },
  });
  let end = 0;
  const ends = settings.map(({ value }) => {
    end += value.length + between.length;
    return end;
  });
  const rules = new Map<Setting, string>();
  for (const { range, ruleId } of messages) {
    const setting = settings[ends.findIndex((offset) => range[0] < offset)];
    if (setting) rules.set(setting, ruleId.replace(/^@secretlint\/secretlint-rule-/, ''));
  }
  return [...rules].map(([setting, rule]) => ({ setting, rule }));
}
