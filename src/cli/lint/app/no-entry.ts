import path from 'node:path';
import { many } from '../../support/terminal.js';
import { type Finding, finding } from '../finding.js';
import type { Project } from './project.js';
import { textOf } from './text-of.js';

/** Of a Next.js server, which has no entry of the app's own. https://nextjs.org/docs/app/guides/instrumentation */
export function importsInInstrumentation({ dir }: Project): boolean {
  const names = ['', 'src/'].flatMap((folder) => ['ts', 'js'].map((ending) => `${folder}instrumentation.${ending}`));
  const text = names.map((name) => textOf(path.join(dir, name))).find((one) => one !== undefined);
  return text !== undefined && /vaultstrap\/register/.test(text);
}

/** An app of which nothing says which file comes first: silence would look like praise. */
export function lintWithoutEntry(project: Project, references: number): readonly Finding[] {
  const { manifest, scripts, main } = project;
  const span = scripts.find(({ name }) => name === 'start')?.span ?? main?.span;
  // Without either it may be no app at all.
  if (!span || references === 0 || project.hasWorkspaces) return [];
  if (!project.dependencies.has('next')) {
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
  if (importsInInstrumentation(project)) return [];
  return [
    finding(
      manifest,
      span,
      ['register-missing', 'warning'],
      `instrumentation.ts, where a Next.js server begins, does not import vaultstrap/register, but the settings hold ${many(references, 'reference')}.`,
      'Run "npx vaultstrap init", which shows the lines.',
    ),
  ];
}
