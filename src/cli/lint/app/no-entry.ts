import path from 'node:path';
import { many } from '../../support/terminal.js';
import { type Finding, finding } from '../finding.js';
import { entriesOf } from './entries.js';
import type { Project } from './project.js';
import { textOf } from './text-of.js';

/** A server that has no entry of the app's own, but a file that it loads before the app's others. */
export interface Framework {
  readonly package: string;
  readonly name: string;
  readonly begins: string;
  readonly folders: readonly string[];
  readonly file: RegExp;
  /** A file of the framework's settings, without a word in which its build drops an import for effect alone. */
  readonly keeps?: { readonly file: RegExp; readonly word: string };
}

const FRAMEWORKS: readonly Framework[] = [
  {
    // https://nextjs.org/docs/app/guides/instrumentation
    package: 'next',
    name: 'Next.js',
    begins: 'instrumentation.ts',
    folders: ['', 'src'],
    file: /^instrumentation\.[jt]s$/,
  },
  {
    // https://nuxt.com/docs/guide/directory-structure/server#server-plugins
    package: 'nuxt',
    name: 'Nuxt',
    begins: 'server/plugins',
    folders: ['server/plugins'],
    file: /\.[cm]?[jt]s$/,
    keeps: { file: /^nuxt\.config\.[cm]?[jt]s$/, word: 'moduleSideEffects' },
  },
  {
    // https://reactrouter.com/api/framework-conventions/entry.server.tsx
    package: '@react-router/node',
    name: 'React Router',
    begins: 'app/entry.server.tsx',
    folders: ['app'],
    file: /^entry\.server\.[jt]sx?$/,
  },
];

export function frameworkOf({ dependencies }: Project): Framework | undefined {
  return FRAMEWORKS.find((framework) => dependencies.has(framework.package));
}

/** What is missing for vaultstrap to be loaded first. */
export function missingAtBegin({ dir }: Project, framework: Framework): string | undefined {
  const holds = (folder: string, file: RegExp, text: string) =>
    entriesOf(path.join(dir, folder)).some(
      ({ name }) => file.test(name) && (textOf(path.join(dir, folder, name)) ?? '').includes(text),
    );
  const { name, begins, folders, file, keeps } = framework;
  if (!folders.some((folder) => holds(folder, file, 'vaultstrap/register'))) {
    return `${begins}, where a ${name} server begins, does not import vaultstrap/register`;
  }
  return keeps && !holds('', keeps.file, keeps.word)
    ? `without ${keeps.word} a ${name} build drops the import of vaultstrap/register`
    : undefined;
}

/** An app of which nothing says which file comes first: silence would look like praise. */
export function lintWithoutEntry(project: Project, references: number): readonly Finding[] {
  const { manifest, scripts, main } = project;
  const span = scripts.find(({ name }) => name === 'start')?.span ?? main?.span;
  // Without either it may be no app at all.
  if (!span || references === 0 || project.hasWorkspaces) return [];
  const framework = frameworkOf(project);
  if (!framework) {
    return [
      finding(
        manifest,
        span,
        ['entry-not-found', 'info'],
        `where the program begins cannot be told from this, nor who resolves what the settings hold: ${many(references, 'reference')}.`,
        'Run "npx vaultstrap init", which says what to paste.',
      ),
    ];
  }
  const missing = missingAtBegin(project, framework);
  if (missing === undefined) return [];
  return [
    finding(
      manifest,
      span,
      ['register-missing', 'warning'],
      `${missing}, but the settings hold ${many(references, 'reference')}.`,
      'Run "npx vaultstrap init", which shows the lines.',
    ),
  ];
}
