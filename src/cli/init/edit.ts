/** A file as it will be; `before` is undefined when it does not exist yet. */
export interface Change {
  /** Relative to the app, with `/`. */
  readonly file: string;
  readonly before: string | undefined;
  readonly after: string;
}

/** Something that only a person can do, with the line to paste. */
export interface ByHand {
  readonly why: string;
  readonly paste: string;
}

export interface Style {
  readonly newline: '\n' | '\r\n';
  /** For JSON. */
  readonly indent: { readonly tabSize: number; readonly insertSpaces: boolean };
}

export function styleOf(text: string): Style {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return {
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    indent: { tabSize: indent.length, insertSpaces: !indent.startsWith('\t') },
  };
}
