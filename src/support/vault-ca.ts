/**
 * The emulator's CA: PEM text, or the path of a file that holds it. `undefined` when it is neither, or no
 * certificate that TLS could use.
 */
export function readVaultCa(text: string): string | undefined {
  try {
    const pem = text.includes('-----BEGIN CERTIFICATE-----')
      ? text
      : process.getBuiltinModule('node:fs').readFileSync(text, 'utf8');
    const { X509Certificate } = process.getBuiltinModule('node:crypto');
    return new X509Certificate(pem).raw.length > 0 ? pem : undefined;
  } catch {
    return undefined;
  }
}
