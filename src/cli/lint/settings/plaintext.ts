import { isProtected } from '../../../settings/names.js';
import { MARKER } from '../../../settings/scan.js';
import { type Finding, finding } from '../finding.js';
import { isSample, type SettingsFile } from './setting.js';

/**
 * Secrets in plain text. No value leaves this function, only where it stands and what kind it is.
 *
 * @param instead what the Functions host, which knows no references of ours, can do without one
 */
export async function findPlaintextSecrets(
  file: SettingsFile,
  instead: (name: string) => string | undefined,
): Promise<readonly Finding[]> {
  const plain = file.settings.filter(
    ({ value, isPartial }) => !isPartial && value !== '' && !MARKER.test(value) && !value.includes('${'),
  );
  if (plain.length === 0) return [];
  // In a file of its own: import has the same judgement.
  const { looksOf } = await import('../../support/looks-secret.js');
  const looks = await looksOf(plain);
  // A template names what it makes, and a sample holds none: there a guess would be wrong more often than right.
  const isGuessed = file.kind !== 'template' && !isSample(file);
  const certain = file.kind === 'template' || file.kind === 'list' ? 'error' : 'warning';
  return plain.flatMap(({ name, value, at }, index) => {
    const look = looks[index];
    if (!look || !(look.isCertain || isGuessed)) return [];
    const severity = look.isCertain ? certain : 'info';
    const what = look.isCertain ? `holds ${look.why} in plain text.` : `may be a secret in plain text (${look.why}).`;
    return [
      finding(
        file.source,
        at(0, value.length),
        ['plaintext-secret', severity],
        `${name || 'a text'} ${what}`,
        remedyFor(name, instead(name)),
      ),
    ];
  });
}

function remedyFor(name: string, instead: string | undefined): string {
  if (instead)
    return `The Functions host reads it: ${instead}; or @Microsoft.KeyVault(...), which the platform resolves.`;
  if (isProtected(name)) {
    return /^(APPSETTING_)?AZURE_/i.test(name)
      ? 'No reference is resolved there. A sign-in: do without it, by a managed identity.'
      : 'No reference is resolved there, since it steers the process: keep it out of the file.';
  }
  if (/^ConnectionStrings:/.test(name))
    return "ConnectionStrings are .NET's: for Node, put it into Values, then npx vaultstrap import.";
  return 'Put it into a vault (npx vaultstrap import), and a reference here: @KeyVault(VaultName=...;SecretName=...).';
}
