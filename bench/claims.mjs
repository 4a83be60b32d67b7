const failures = [];

/** Prints what is claimed, and whether it is so. */
export function claim(holds, text) {
  console.log(`  ${holds ? 'holds' : 'FAILS'}: ${text}`);
  if (!holds) failures.push(text);
}

/** The last word; what does not hold fails the run. */
export function concludeClaims() {
  console.log(failures.length === 0 ? '\nAll claims hold.' : `\n${failures.length} claims do not hold.`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
