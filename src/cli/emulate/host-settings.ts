import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../settings/environment.js';
import { IDENTITY_ENDPOINT_SETTINGS } from '../../settings/names.js';
import { safeCause } from '../../support/failure.js';
import type { Emulator, IdentityHost } from '../../testing/index.js';
import { UsageError } from '../support/exit.js';
import { emptyName, readTextFile } from '../support/files.js';

/** Of another identity than the emulated one; `VAULTSTRAP_VAULT_*` are overwritten anyway. */
const OTHER_HOSTS = [
  ...IDENTITY_ENDPOINT_SETTINGS,
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'VAULTSTRAP_VAULT_ENDPOINT',
  'VAULTSTRAP_VAULT_CA',
];

export function withoutOtherHosts(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OTHER_HOSTS.includes(name.toUpperCase())));
}

/** What a process on the emulated host has in its environment. */
export function hostSettings(azure: Emulator, host: string, caFile: string | undefined): Record<string, string> {
  const settings = azure.envFor(host as IdentityHost);
  return caFile === undefined
    ? settings
    : { ...settings, VAULTSTRAP_VAULT_CA: writeCertificate(caFile, azure.caCertificate) };
}

/** Public, like every certificate; its key is in no file. */
function writeCertificate(file: string, certificate: string): string {
  if (file === '') throw emptyName();
  if (existsSync(file) && !readTextFile(file).startsWith('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${file} exists and is no certificate; it was left as it is.`);
  }
  try {
    writeFileSync(file, certificate);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${safeCause(error).code}).`);
  }
  return path.resolve(file);
}
