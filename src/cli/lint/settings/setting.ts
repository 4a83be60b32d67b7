import path from 'node:path';
import type { Finding, Source, Span } from '../finding.js';

/** A setting as it stands in a file. */
export interface Setting {
  /** Empty for a text that belongs to no setting we can name. */
  readonly name: string;
  /** As the process would see it; of an interpolated text only the literal parts. */
  readonly value: string;
  /** The rest of it is computed when it is deployed: what stands here is not the whole. */
  readonly isPartial: boolean;
  readonly nameAt: Span;
  /** Where a part of the value stands in the file. */
  readonly at: (from: number, to: number) => Span;
}

/** A file that holds settings. */
export interface SettingsFile {
  readonly source: Source;
  /** `local`: local.settings.json; `env`: a .env file; `list`: all settings of a deployed app; `template`: what is deployed, and nobody else's settings may be missing. */
  readonly kind: 'local' | 'env' | 'list' | 'template';
  readonly settings: readonly Setting[];
  readonly findings: readonly Finding[];
}

/** For people to copy: nobody runs with it. */
export function isSample({ source }: SettingsFile): boolean {
  return /sample|example|template|dist/i.test(path.posix.basename(source.file));
}

/**
 * Where parts of a decoded text stand, when the raw text begins at `start` and every match of `escapes` (sticky)
 * stands for one character.
 */
export function locator(raw: string, start: number, escapes?: RegExp): Setting['at'] {
  if (!escapes || !raw.includes('\\')) {
    return (from, to) => ({ start: start + Math.min(from, raw.length), end: start + Math.min(to, raw.length) });
  }
  const offsets: number[] = [];
  for (let at = 0; at < raw.length; ) {
    offsets.push(start + at);
    escapes.lastIndex = at;
    at += escapes.exec(raw)?.[0].length || 1;
  }
  const end = start + raw.length;
  return (from, to) => ({ start: offsets[from] ?? end, end: offsets[to] ?? end });
}

/** For values that cannot be followed character by character: all of it. */
export function wholly(span: Span): Setting['at'] {
  return () => span;
}

/** Members of templates that are for people: an example in them is no reference. */
export function isProse(key: string): boolean {
  return /^(description|comments?|displayName|summary|title|\$schema|contentVersion)$/i.test(key);
}
