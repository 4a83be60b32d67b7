import { VaultstrapError } from '../support/errors.js';
import { safeCause } from '../support/failure.js';

/**
 * The emulator's CA: PEM text, or a file that holds it.
 *
 * @throws VaultstrapError `ERR_INVALID_SETTING` when neither can be read.
 */
export function readVaultCa(text: string): string {
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  try {
    return process.getBuiltinModule('node:fs').readFileSync(text, 'utf8');
  } catch (error) {
    throw new VaultstrapError(
      'ERR_INVALID_SETTING',
      'VAULTSTRAP_VAULT_CA is neither a PEM certificate nor a file that can be read.',
      'Give the text of the CA certificate, or the path of a .pem file.',
      safeCause(error),
    );
  }
}
