/** A text as one word of a command line that people paste, into whichever shell; most take double quotes, all take none. */
export function shellWord(text: string): string {
  if (/^[\p{L}\p{N}_@+:,./-]+$/u.test(text)) return text;
  // Within double quotes these would mean something.
  return /["$`!]|\\\\|\\$/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
