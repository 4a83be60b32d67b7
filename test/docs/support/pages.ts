// The documentation as data: pages, their headings, links and fenced snippets.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/embedded-sources.mjs';

export interface Snippet {
  /** `docs/rotation.md:71`, for messages and as a name. */
  readonly at: string;
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

export interface Page {
  readonly file: string;
  readonly text: string;
  /** Without what stands in fences. */
  readonly prose: string;
  readonly snippets: readonly Snippet[];
}

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

export function readPage(file: string): Page {
  const text = readFileSync(path.join(root, file), 'utf8');
  const lineAt = (index: number) => text.slice(0, index).split('\n').length;
  return {
    file,
    text,
    prose: text.replace(FENCE, (fenced) => fenced.replace(/[^\n]+/g, '')),
    snippets: [...text.matchAll(FENCE)].map(({ index, 2: language = '', 3: code = '' }) => ({
      at: `${file}:${lineAt(index)}`,
      file,
      language,
      text: code,
    })),
  };
}

const pagesOf = (...patterns: string[]): readonly Page[] =>
  globSync(patterns, { cwd: root, exclude: ['**/node_modules/**'] })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map(readPage);

/** What users read of the package. */
export const guide: readonly Page[] = pagesOf('README.md', 'docs/*.md');
/** Every page there is. */
export const pages: readonly Page[] = pagesOf('*.md', 'docs/*.md', '.github/*.md', 'examples/**/*.md', 'infra/**/*.md');

export const snippetsIn = (from: readonly Page[], ...languages: string[]): readonly Snippet[] =>
  from.flatMap(({ snippets }) => snippets.filter(({ language }) => languages.includes(language)));

/** Everything between backticks in one line. */
export const codesIn = ({ prose }: Page): readonly string[] =>
  [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, code = '']) => code);

/** GitHub's anchors: words in lower case, hyphens for spaces, a number for the second of a name. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let free = anchor;
    for (let n = 1; anchors.has(free); n++) free = `${anchor}-${n}`;
    anchors.add(free);
  }
  return anchors;
}

/** Targets of links and pictures; code between backticks holds none. */
export const linksIn = ({ prose }: Page): readonly string[] =>
  [...prose.replace(/`[^`\n]*`/g, '``').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

export const exists = (file: string): boolean => existsSync(path.join(root, file));
