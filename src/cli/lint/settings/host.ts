import { MARKER } from '../../../settings/scan.js';
import { listed } from '../../../support/words.js';
import { type Finding, finding, type Source, type Span } from '../finding.js';
import { isOurs, isPlatforms } from './references.js';
import type { Setting, SettingsFile } from './setting.js';

/** A setting that a binding names: `connection: 'ORDERS'` or `%QUEUE%`. */
export interface BindingUse {
  readonly setting: string;
  /** Of the binding, in lower case: `storagequeue`, `servicebustrigger`. */
  readonly binding: string;
  readonly isConnection: boolean;
  readonly source: Source;
  readonly span: Span;
}

const STORAGE_ACCOUNT = 'AzureWebJobsStorage__accountName';

/**
 * Why the host, another process that nothing in the worker can feed, reads a setting itself; with the way to do
 * without a secret. https://learn.microsoft.com/azure/azure-functions/functions-reference#connections
 */
export function hostReads(name: string, uses: readonly BindingUse[], isFunctions: boolean): string | undefined {
  if (/^AzureWebJobs(?!SecretStorageType|FeatureFlags|ScriptRoot|DisableHomepage)/i.test(name)) {
    return /^AzureWebJobsStorage$/i.test(name)
      ? `use an identity-based connection (${STORAGE_ACCOUNT})`
      : 'use an identity-based connection';
  }
  if (/^WEBSITE_CONTENTAZUREFILECONNECTIONSTRING$/i.test(name)) return 'the platform mounts the share itself';
  if (isFunctions && /^(APPLICATIONINSIGHTS_CONNECTION_STRING|APPINSIGHTS_INSTRUMENTATIONKEY)$/i.test(name)) {
    return 'set APPLICATIONINSIGHTS_AUTHENTICATION_STRING for Entra authentication, and the connection string plainly';
  }
  const use = uses.find((one) => isNamedBy(one, name));
  if (!use) return undefined;
  return use.isConnection
    ? `use an identity-based connection (${identityBased(use)})`
    : 'write the value plainly, since it is no secret';
}

export function isNamedBy({ setting, isConnection }: BindingUse, name: string): boolean {
  const [wanted, given] = [setting.toLowerCase(), name.toLowerCase()];
  return given === wanted || (isConnection && given.startsWith(`${wanted}__`));
}

export function identityBased({ setting, binding }: BindingUse): string {
  if (/servicebus|eventhub/.test(binding)) return `${setting}__fullyQualifiedNamespace`;
  if (/queue/.test(binding)) return `${setting}__queueServiceUri`;
  if (/blob/.test(binding)) return `${setting}__blobServiceUri`;
  if (/table/.test(binding)) return `${setting}__tableServiceUri`;
  if (/cosmos/.test(binding)) return `${setting}__accountEndpoint`;
  return `${setting}__...`;
}

export function checkHostReads(
  file: SettingsFile,
  uses: readonly BindingUse[],
  isFunctions: boolean,
): readonly Finding[] {
  const byPlatform: Setting[] = [];
  const findings = file.settings.flatMap((setting) => {
    const { name, value, at } = setting;
    if (!name || !MARKER.test(value)) return [];
    const instead = hostReads(name, uses, isFunctions);
    // In `@Microsoft.KeyVault` alone, and whole: the platform resolves that before the host starts.
    if (instead === undefined) {
      if (isShownInKudu(file, setting)) byPlatform.push(setting);
      return [];
    }
    if (!isOurs(value) && (isPlatforms(value) || setting.isPartial)) return [];
    return [
      finding(
        file.source,
        at(0, value.length),
        ['host-reads-setting', 'error'],
        `${name} is read by the Functions host, another process, which would see the reference as it stands.`,
        `${capital(instead)}; or write @Microsoft.KeyVault(...), whole, which the platform resolves.`,
      ),
    ];
  });
  return [...findings, ...kudu(file.source, byPlatform)];
}

function isShownInKudu({ kind }: SettingsFile, { name, value, isPartial }: Setting): boolean {
  const isWhole = isPartial ? /^@Microsoft\.KeyVault\(/i.test(value) : isPlatforms(value);
  return kind !== 'env' && isWhole && !/^(WEBSITE_|VAULTSTRAP_|AZURE_|MSI_|IDENTITY_|NODE_)/i.test(name);
}

/** One note for all of a file: an app that comes from the platform's references has dozens. */
function kudu(source: Source, settings: readonly Setting[]): readonly Finding[] {
  const [first] = settings;
  if (!first) return [];
  const names = [...new Set(settings.map(({ name }) => name))];
  const [are, values, them] =
    names.length === 1 ? ['is', 'its value shows', 'it'] : ['are', 'their values show', 'them'];
  return [
    finding(
      source,
      first.at(0, first.value.length),
      ['platform-reference', 'info'],
      `${listed(names, 3)} ${are} resolved by the platform: ${values} in Kudu.`,
      `@KeyVault(...) keeps ${them} out of Kudu, but needs the vault at every start. With vaultstrap both rotate within minutes.`,
    ),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A timer's `%SETTING%` that is missing breaks the indexing of the whole app in the host. */
export function checkSchedules(file: SettingsFile, uses: readonly BindingUse[]): readonly Finding[] {
  // Samples and templates hold a part of the settings.
  if (!/(^|\/)local\.settings\.json$/.test(file.source.file)) return [];
  const names = new Set(file.settings.map(({ name }) => name.toLowerCase()));
  return uses
    .filter(
      ({ binding, isConnection, setting }) =>
        !isConnection && /^timer/.test(binding) && !names.has(setting.toLowerCase()),
    )
    .map(({ setting, source, span }) =>
      finding(
        source,
        span,
        ['schedule', 'error'],
        `the schedule names ${setting}, which is not in ${file.source.file}: the host would not index the functions.`,
        `Add ${setting} to the settings, here and where the app runs, or write the schedule itself.`,
      ),
    );
}
