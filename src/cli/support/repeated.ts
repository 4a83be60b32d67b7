// Options that may be given several times, for the parser.

/** What is given, as it is: it may hold commas. */
export function addText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Names, of which several may stand in one text, separated by commas. */
export function addNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((name) => name.trim())];
}
