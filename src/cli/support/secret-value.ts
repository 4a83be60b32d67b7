/** Key Vault's own bound, of UTF-8. https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
const MOST_BYTES = 25_600;

/** Why a vault, or the environment of a process, cannot hold a value; never quotes it. */
export function problemOfValue(value: string): string | undefined {
  if (value === '') return 'the value is empty.';
  if (value.includes('\0')) return 'the value holds a NUL character, which no environment variable can.';
  const bytes = Buffer.byteLength(value);
  if (bytes > MOST_BYTES) return `the value has ${bytes} bytes; Key Vault takes at most ${MOST_BYTES} (25 KB).`;
  return undefined;
}
