/** A word that nothing else has come up with: for salts and markers, not for secrets. */
export function randomWord(): string {
  return Array.from({ length: 4 }, () => Math.trunc(Math.random() * 2 ** 32).toString(36)).join('');
}
