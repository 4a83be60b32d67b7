import type { SecretRead } from '../settings/plan.js';
import { type Failure, fact, fail, type Result } from '../support/failure.js';
import type { SecretValue } from './reader.js';

/** RFC 7468: lines of their own, though text may stand between the blocks. */
const PEM = /^-----BEGIN [A-Z0-9 ]+-----$/m;

/**
 * Reads a secret in its `format`. Key Vault converts a certificate, PFX to PEM, itself; where it refuses to
 * (a cloud without that version of its API, a secret that is no certificate) the secret as it is stored may be PEM already.
 * https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret?view=rest-keyvault-secrets-2025-07-01
 */
export async function readInFormat(
  read: SecretRead,
  send: (read: SecretRead) => Promise<Result<SecretValue>>,
): Promise<Result<SecretValue>> {
  const { format: _format, ...asStored } = read;
  const converted = await send(read);
  const result = !converted.ok && converted.failure.cause?.status === 400 ? await send(asStored) : converted;
  if (!result.ok) return result;
  const text = result.value.value.reveal();
  return PEM.test(text) ? result : fail(notPem(read, text.includes('-----BEGIN ')));
}

function notPem({ vault, secret }: SecretRead, isBroken: boolean): Failure {
  return fact(
    'OtherReasons',
    'ERR_FORMAT',
    `secret '${secret}' in vault '${vault}' is not PEM, and the vault did not convert it.`,
    // A form of the portal has one line; so has an az argument, or a JSON file with "\\n".
    isBroken
      ? `Its line ends were lost when it was written. Write the file: npx vaultstrap set ${vault} ${secret} < key.pem`
      : 'If it is a certificate, set the content type of its policy to application/x-pem-file, and renew it. Without Format, Node takes a PFX as ' +
          "it is: { pfx: Buffer.from(value, 'base64'), passphrase: '' }.",
  );
}
