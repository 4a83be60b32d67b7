import { REGISTER_LINE } from '../lint/app/load-order.js';
import { frameworkOf, missingAtBegin } from '../lint/app/no-entry.js';
import type { Project } from '../lint/app/project.js';
import { byHand, type EntryPlan, NOTHING } from './entry-plan.js';

/** What to paste for a server that a framework builds; nothing for one that we do not know. */
export function planFramework(project: Project): EntryPlan | undefined {
  const framework = frameworkOf(project);
  const lines = framework && LINES[framework.package];
  if (framework && lines) {
    if (missingAtBegin(project, framework) === undefined) return NOTHING;
    const [why, paste] = lines;
    return byHand(`a ${framework.name} server begins in ${framework.begins}${why}.`, paste.join('\n    '));
  }
  const built = PRELOADED.find(([name]) => project.dependencies.has(name));
  return built && byHand('the framework builds the server, in which no file of yours comes first.', built[1]);
}

const LINES: Readonly<Record<string, readonly [why: string, paste: readonly string[]]>> = {
  next: [
    ', and keeps vaultstrap outside of its bundles',
    [
      '// instrumentation.ts',
      'export async function register() {',
      "  if (process.env.NEXT_RUNTIME === 'nodejs') {",
      '    try {',
      "      await import('vaultstrap/register');",
      '    } catch (error) {',
      '      console.error(error);',
      '      process.exit(1);   // Next would stay up, and answer 500 to everything',
      '    }',
      '  }',
      '}',
      '// next.config.ts',
      "serverExternalPackages: ['vaultstrap'],",
    ],
  ],
  // A preload would not be found: of node_modules the output holds what its files import.
  nuxt: [
    ', and drops imports that import no name',
    [
      '// server/plugins/0-vaultstrap.ts',
      REGISTER_LINE,
      'export default defineNitroPlugin(() => {});',
      '// nuxt.config.ts',
      "nitro: { moduleSideEffects: ['vaultstrap/register'] },",
    ],
  ],
  '@react-router/node': [
    ' ("npx react-router reveal" shows it)',
    ['// app/entry.server.tsx, the first line', REGISTER_LINE],
  ],
};

/** SvelteKit copies the environment before hooks.server.ts is loaded. */
const PRELOADED = [
  ['@sveltejs/adapter-node', 'node --import vaultstrap/preload build      (in the start command)'],
  ['@astrojs/node', 'node --import vaultstrap/preload dist/server/entry.mjs      (in the start command)'],
] as const;
