import { otherBundler } from '../lint/app/bundles.js';
import { sourceOf, startOf } from '../lint/app/entries.js';
import type { Project } from '../lint/app/project.js';
import { UsageError } from '../support/exit.js';
import { bundled, byHand, type EntryPlan, NOTHING, withLines } from './entry-plan.js';
import { planFramework } from './framework.js';
import { planFunctions } from './functions-entry.js';
import { isBuilt, loadsOf } from './layout.js';
import type { RotationFlags } from './rotation.js';

/** What makes an app resolve its settings before it reads them, for the layouts that we know. */
export function planEntry(project: Project, flags: RotationFlags): EntryPlan {
  return project.isFunctions ? planFunctions(project, flags) : planProgram(project);
}

/** A web app, or any program that a script starts. */
function planProgram(project: Project): EntryPlan {
  const start = startOf(project);
  if (start && /\bvaultstrap(\/preload|\/register|\s+run)\b/.test(start.script.command)) return NOTHING;
  if (start && loadsOf(project, start.preloads).some(({ what }) => what === 'register')) return NOTHING;
  const entry = start ? start.entry : project.main && sourceOf(project, project.main.value);
  const framework = entry === undefined || isBuilt(project, entry) ? planFramework(project) : undefined;
  if (framework) return framework;
  if (entry === undefined) {
    if (project.hasWorkspaces) {
      throw new UsageError('this is the root of workspaces, and starts no file.', 'Run it in the folder of the app.');
    }
    if (otherBundler(project)) return bundled(project);
    return byHand(
      'where the program begins cannot be told from package.json.',
      'node --import vaultstrap/preload <your entry file>      (in the start command; no change of code)',
    );
  }
  if (isBuilt(project, entry)) return bundled(project);
  if (loadsOf(project, [entry]).some(({ what }) => what === 'register' || what === 'api')) return NOTHING;
  return withLines(project, entry, ['vaultstrap/register']);
}
