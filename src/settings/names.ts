import { OWN_SETTINGS } from '../support/own-settings.js';
import type { Environment } from './environment.js';

/** Written by us: where each value came from, for children and restarts. */
export const PROVENANCE = 'VAULTSTRAP_REFERENCES';
/** A later time for the entries that the record says were resolved last. */
export const PROVENANCE_AT = 'VAULTSTRAP_REFERENCES_AT';
/** Written by App Service: the references that it resolved itself. */
export const PLATFORM_RECORD = 'WEBSITE_KEYVAULT_REFERENCES';
/**
 * PM2's copy of all settings as JSON, for the processes of a cluster (lib/ProcessContainer.js). With values in it, a
 * quotation mark in a secret breaks the JSON, and the error prints all of it.
 */
const PM2_RECORD = 'pm2_env';

/** Settings that name the endpoint of a managed identity, together: with another's, a process would find neither. */
export const IDENTITY_ENDPOINT_SETTINGS: readonly string[] = [
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'IDENTITY_SERVER_THUMBPRINT',
  'IDENTITY_API_VERSION',
  'IMDS_ENDPOINT',
  'MSI_ENDPOINT',
  'MSI_SECRET',
];

/** Others that steer the process, the platform or us. By exact name: `AZURE_OPENAI_API_KEY` stays usable. */
const PROTECTED = new Set([
  'DEFAULT_IDENTITY_CLIENT_ID',
  // What @azure/identity reads to choose a credential or an authority.
  'AZURE_CLIENT_ID',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_CLIENT_SEND_CERTIFICATE_CHAIN',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
  'AZURE_ADDITIONALLY_ALLOWED_TENANTS',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_AUTHORITY_HOST',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'AZURE_REGIONAL_AUTHORITY_NAME',
  'AZURE_TOKEN_CREDENTIALS',
  'AZURE_IDENTITY_DISABLE_MULTITENANTAUTH',
  'AZURE_KUBERNETES_TOKEN_PROXY',
  'AZURE_KUBERNETES_SNI_NAME',
  'AZURE_KUBERNETES_CA_FILE',
  'AZURE_KUBERNETES_CA_DATA',
  // What Node, the loader and TLS read.
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_USE_ENV_PROXY',
  'NODE_USE_SYSTEM_CA',
  // Code, or files that it writes, from another place: https://nodejs.org/api/cli.html#environment-variables_1
  'NODE_COMPILE_CACHE',
  'NODE_ICU_DATA',
  'NODE_REDIRECT_WARNINGS',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_V8_COVERAGE',
  'LD_PRELOAD',
  'LD_AUDIT',
  'LD_LIBRARY_PATH',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
  // Its modules are code, too: https://docs.openssl.org/3.5/man7/openssl-env/
  'OPENSSL_CONF',
  'OPENSSL_ENGINES',
  'OPENSSL_MODULES',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSLKEYLOGFILE',
  'PATH',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
]);

/** Whether a setting must be left alone whatever stands in it. Case is ignored, as Windows and proxies do. */
export function isProtected(name: string): boolean {
  const bare = bareName(name.toUpperCase());
  return (
    PROTECTED.has(bare) ||
    IDENTITY_ENDPOINT_SETTINGS.includes(bare) ||
    bare.startsWith('WEBSITE_') ||
    bare.startsWith('VAULTSTRAP_')
  );
}

/** The name without `APPSETTING_`. */
export function bareName(name: string): string {
  return name.replace(/^APPSETTING_/, '');
}

/** The record may take more than one variable: `VAULTSTRAP_REFERENCES`, `VAULTSTRAP_REFERENCES_1`, ..., and `_AT`. */
export function isProvenance(name: string): boolean {
  return name.startsWith(PROVENANCE) && /^(_\d{1,3}|_AT)?$/.test(name.slice(PROVENANCE.length));
}

/** Whether what begins like a setting of our own is one that users set, or one that we write. */
export function isOwnSetting(name: string): boolean {
  const bare = bareName(name);
  return OWN_SETTINGS.includes(bare) || isProvenance(bare);
}

export function isRecord(name: string): boolean {
  const bare = bareName(name);
  return bare === PLATFORM_RECORD || bare === PM2_RECORD || isProvenance(bare);
}

/**
 * The variables that carry one setting. App Service gives every app setting twice, bare
 * and as `APPSETTING_{name}`: both with the same value are one setting, written twice.
 * https://learn.microsoft.com/azure/app-service/reference-app-settings#app-environment
 */
export function namesOf(name: string, env: Environment): { setting: string; names: readonly string[] } {
  const bare = bareName(name);
  const twin = `APPSETTING_${bare}`;
  if (bare !== '' && env[bare] !== undefined && env[bare] === env[twin]) {
    return { setting: bare, names: [bare, twin] };
  }
  return { setting: name, names: [name] };
}
