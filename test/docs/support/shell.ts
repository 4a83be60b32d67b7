/** The simple commands of a snippet, as words; what `$(...)` and pipes run counts as commands, too. */
export function commandsOf(text: string): readonly (readonly string[])[] {
  return text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => [line, ...[...line.matchAll(/\$\(([^()]*)\)/g)].map(([, inner = '']) => inner)])
    .flatMap((line) => splitLine(line.replace(/\$\([^()]*\)/g, 'X')));
}

const WORD = /\s*(?:(#.*$)|(\|\||&&|[|;])|(>>?\s*[^\s|;&]+)|((?:"[^"]*"|'[^']*'|[^\s"'|;&>])+))/y;

function splitLine(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  WORD.lastIndex = 0;
  for (let match = WORD.exec(line); match?.[0]; match = WORD.exec(line)) {
    const [, comment, operator, target, word] = match;
    if (comment !== undefined) break;
    if (operator !== undefined) commands.push([]);
    else if (target === undefined && word !== undefined) commands.at(-1)?.push(word.replace(/["']/g, ''));
  }
  // `NAME=value` alone sets a variable.
  return commands.filter(([first]) => first !== undefined && !/^\w+=/.test(first));
}
