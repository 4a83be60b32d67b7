/** The emulator's CA: PEM text, or the path of a file that holds it. `undefined` when it is neither. */
export function readVaultCa(text: string): string | undefined {
  try {
    const pem = isPem(text) ? text : process.getBuiltinModule('node:fs').readFileSync(text, 'utf8');
    return isPem(pem) ? pem : undefined;
  } catch {
    return undefined;
  }
}

function isPem(text: string): boolean {
  return /-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.test(text);
}
