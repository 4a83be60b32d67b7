/** What decides over identities and the way to vaults: of this machine's own nothing may reach a test. */
export const STEERING =
  /^(AZURE_|IDENTITY_|MSI_|IMDS_|AZUREML_|VAULTSTRAP_|WEBSITE_|NODE_TLS_|(HTTPS?|ALL|NO)_PROXY$)/i;

export function removeVariables(names: RegExp): void {
  for (const name of Object.keys(process.env)) if (names.test(name)) delete process.env[name];
}

/** Remembers the environment of this process. @returns what puts it back. */
export function keepEnvironment(): () => void {
  const before = { ...process.env };
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}
