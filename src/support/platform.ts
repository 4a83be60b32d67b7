/** App settings as a process sees them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the emulator listens. */
export interface VaultEndpoint {
  readonly address: string;
  readonly port: number;
}

export const NOT_ON_AZURE = "not to be set on Azure: it is for an emulator on a developer's machine";

/**
 * `VAULTSTRAP_VAULT_ENDPOINT` redirects every vault to an emulator on this machine.
 * Refused on the platform: a setting must not be able to divert an app's tokens.
 */
export function parseVaultEndpoint(env: Environment): VaultEndpoint | { problem: string } | undefined {
  const text = env['VAULTSTRAP_VAULT_ENDPOINT']?.trim();
  if (!text) return undefined;
  if (isOnPlatform(env)) return { problem: NOT_ON_AZURE };
  const match = /^https:\/\/(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})\/?$/i.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || !(port >= 1 && port <= 65_535)) {
    return { problem: 'https://127.0.0.1:{port}, https://localhost:{port} or https://[::1]:{port}' };
  }
  return { address: match[1].replace(/[[\]]/g, ''), port };
}

/** App Service, Functions or Container Apps; not the local Functions tools, which imitate them. */
export function isOnPlatform(env: Environment): boolean {
  const host = env['WEBSITE_HOSTNAME'];
  // The tools name their own address; `Development` alone is what somebody may set for an app on Azure, too.
  // https://learn.microsoft.com/azure/azure-functions/functions-app-settings#azure_functions_environment
  const local = host ? /^localhost(:|$)/i.test(host) : env['AZURE_FUNCTIONS_ENVIRONMENT'] === 'Development';
  // The replica's name: the app's alone is what somebody sets who imitates Container Apps on his own machine.
  const there =
    env['WEBSITE_SITE_NAME'] ||
    env['WEBSITE_INSTANCE_ID'] ||
    env['CONTAINER_APP_REPLICA_NAME'] ||
    env['CONTAINER_APP_JOB_EXECUTION_NAME'];
  return !local && Boolean(there);
}

/** Whether Node tells what it sends: headers, and with them tokens. */
export function printsTraffic(env: Environment): boolean {
  return /\*|\b(?:net|http|https|tls|undici|fetch)\b/i.test(env['NODE_DEBUG'] ?? '');
}
