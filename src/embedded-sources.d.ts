/** The text of a bundled script that is run with `eval` (see scripts/embedded-sources.mjs). */
declare module 'vaultstrap:source/*' {
  const source: string;
  export default source;
}
