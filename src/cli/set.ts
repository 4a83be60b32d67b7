import { textOfFailure } from '../support/errors.js';
import { printJson } from '../support/json.js';
import { readAttributes } from './set/attributes.js';
import { readValue } from './set/value.js';
import { EXIT } from './support/exit.js';
import { complain, tell } from './support/terminal.js';
import { checkSecretName, openVault, referenceTo } from './support/vault-session.js';

export interface SetOptions {
  readonly keepNewline?: true;
  readonly contentType?: string;
  readonly expires?: string;
  readonly notBefore?: string;
  readonly tag?: readonly string[];
  readonly identity?: string;
  readonly json?: true;
}

/** Writes one secret; its value comes from stdin or a hidden prompt, never from the arguments. */
export async function set(vaultName: string, secretName: string, options: SetOptions): Promise<number> {
  const secret = checkSecretName(secretName);
  const attributes = readAttributes(options);
  const vault = openVault(vaultName, options);
  const value = await readValue(`${vault.vault}/${secret}`, { keepNewline: options.keepNewline ?? false });
  if (!value) {
    tell('nothing was written.');
    return EXIT.unresolved;
  }
  const result = await vault.write(vault.target(secret), value, attributes);
  vault.close();
  if (!result.ok) {
    const { status, code, details, hint } = result.failure;
    if (options.json) process.stdout.write(printJson({ vault: vault.vault, secret, status, code, details, hint }));
    complain(textOfFailure(result.failure), hint);
    return EXIT.unresolved;
  }
  const { version } = result.value;
  const reference = referenceTo(vault.vault, secret);
  if (options.json) {
    process.stdout.write(printJson({ vault: vault.vault, secret, version, reference }));
  } else {
    tell(`wrote version ${version} of secret '${secret}' in vault '${vault.vault}'.`);
    process.stdout.write(`${reference}\n`);
  }
  return EXIT.done;
}
