// Every snippet is what its fence says: code compiles against our own types, data parses, references are ours to read.

import path from 'node:path';
import { type ParseError, parse as parseJsonc } from 'jsonc-parser';
import ts from 'typescript-5.9';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { parseDotenv } from '../../src/cli/support/dotenv.js';
import * as vaultstrap from '../../src/index.js';
import { scanValue } from '../../src/settings/scan.js';
import { codesIn, guide, pages, type Snippet, snippetsIn } from './support/pages.js';

/** Of the reader's own app, or too large to install here for a snippet. */
const ELSEWHERE = /^(?:\.\.?\/|@azure\/service-bus$|dotenv\/config$)/;
const LANGUAGES = [
  'ini',
  'js',
  'json',
  'jsonc',
  'sh',
  'ts',
  'bicep',
  'dockerfile',
  'kusto',
  'powershell',
  'text',
  'yaml',
  '',
];

test('snippets are found, in languages that are looked at here', () => {
  expect(snippetsIn(guide, 'js', 'ts').length).toBeGreaterThan(20);
  const strange = pages.flatMap(({ snippets }) => snippets).filter(({ language }) => !LANGUAGES.includes(language));
  expect(strange.map(({ at, language }) => `${at}: ${language}`)).toEqual([]);
});

describe('code', () => {
  const snippets = snippetsIn(pages, 'js', 'ts');
  let problems: ReadonlyMap<string, readonly string[]>;
  beforeAll(() => {
    problems = compile(snippets);
  });
  test.each(snippets.map((snippet) => [snippet.at] as const))('%s', (at) => expect(problems.get(at)).toEqual([]));

  test('a mistake in one would be seen', () => {
    const wrong = [
      `import { onRotate } from 'vaultstrap';`,
      `import { report } from 'vaultstrap';\nreport().state;`,
      `onRotated('A', () => {});`,
      `import 'vaultstrap/registr';`,
      `const a = ;`,
      `import { bootstrap } from 'vaultstrap';\nawait bootstrap({ timeoutSecond: 1 });`,
      `{ status: 'fine', generation: 1, settings: [] }`,
    ].map((text, i) => ({ at: `wrong:${i}`, file: '', language: 'js', text }));
    for (const [at, found] of compile(wrong)) expect(found, at).not.toEqual([]);
  });
});

function compile(snippets: readonly Snippet[]): ReadonlyMap<string, readonly string[]> {
  const sources = new Map(
    snippets.map(({ at, language, text }, i) => [
      path.join(root, 'test/docs', `snippet-${i}.mts`),
      { at, language, text: moduleOf(text) },
    ]),
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ESNext,
    types: ['node'],
    noEmit: true,
    noUncheckedSideEffectImports: true,
    skipLibCheck: true,
    paths: {
      vaultstrap: [path.join(root, 'src/index.ts')],
      'vaultstrap/functions': [path.join(root, 'src/functions-app.ts')],
      'vaultstrap/*': [path.join(root, 'src/*.ts'), path.join(root, 'src/*/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(path.normalize(file)) || fileExists(file);
  host.readFile = (file) => sources.get(path.normalize(file))?.text ?? readFile(file);
  host.getSourceFile = (file, target) => {
    const own = sources.get(path.normalize(file));
    return own ? ts.createSourceFile(file, own.text, target) : getSourceFile.call(host, file, target);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return new Map(
    [...sources].map(([file, { at, language }]) => {
      const source = program.getSourceFile(file);
      const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return [at, diagnostics.flatMap((one) => wordsOf(one, language === 'js'))];
    }),
  );
}

/** An object alone is a report, as docs/outcomes.md shows one. */
function moduleOf(text: string): string {
  if (!text.startsWith('{')) return `${text}\nexport {};\n`;
  return `export const shown: import('vaultstrap').Report = ${text};\n`;
}

const NO_NAME = [2304, 2552, 18004];
const NO_MODULE = [2307, 2882];

/** Names that a snippet takes from the reader's app are no mistake; names of ours that it forgot to import are. */
function wordsOf({ code, messageText }: ts.Diagnostic, isJavaScript: boolean): readonly string[] {
  const words = ts.flattenDiagnosticMessageText(messageText, '\n');
  const [, name = ''] = /'([^']+)'/.exec(words) ?? [];
  if (NO_NAME.includes(code) && !(name in vaultstrap) && !['registerRotation', 'startEmulator'].includes(name))
    return [];
  if (NO_MODULE.includes(code) && ELSEWHERE.test(name)) return [];
  // JavaScript looks into what was thrown without asking what it is.
  if (isJavaScript && words.endsWith("on type 'unknown'.")) return [];
  return [`TS${code}: ${words}`];
}

describe('data', () => {
  test.each(snippetsIn(pages, 'json', 'jsonc').map((snippet) => [snippet.at, snippet] as const))(
    '%s',
    (at, { text }) => {
      const errors: ParseError[] = [];
      // One member of a file stands without the braces around it.
      parseJsonc(/^\s*"/.test(text) ? `{${text}}` : text, errors, { allowTrailingComma: true });
      expect(errors, at).toEqual([]);
    },
  );

  const settings = snippetsIn(pages, 'ini').map((snippet) => [snippet.at, snippet] as const);
  test.each(settings)('%s', (at, { text }) => {
    // Comments behind a value are for the reader: App Service has none.
    const entries = parseDotenv(text.replace(/\s+;[^\n]*$/gm, ''), at);
    expect(entries.size).toBeGreaterThan(0);
    for (const [name, value] of entries) expect(scanValue(value), `${at} ${name}`).not.toHaveProperty('problem');
  });
});

/** With `...`, `{...}` or `<...>` in it: a form, not a reference. */
const isForm = (reference: string) => /\.\.\.|…|["{<]|\$/.test(reference);

test('every reference in the text is one', () => {
  const found = pages.flatMap((page) =>
    [...codesIn(page), ...page.snippets.map(({ text }) => text)].flatMap((text) =>
      [...text.matchAll(/@(?:Microsoft\.)?KeyVault\([^)\n]*\)|akvs:\/\/[^\s'"`]+/gi)].map(
        ([reference]) => [page.file, reference] as const,
      ),
    ),
  );
  const whole = found.filter(([, reference]) => !isForm(reference));
  expect(whole.length).toBeGreaterThan(30);
  for (const [file, reference] of whole)
    expect(scanValue(reference), `${file}: ${reference}`).not.toHaveProperty('problem');
});
