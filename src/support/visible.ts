/**
 * Shows control characters, invisible ones and those that turn the direction of text: names of settings come from
 * outside, and must not steer a terminal, begin a line of their own in a log, or disguise themselves.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
