import type { Report } from '../../report/types.js';
import type { Command } from '../support/child.js';
import { concealedTexts } from './concealed.js';
import { patternsOf } from './mask.js';
import { passMasked } from './masked-output.js';

/** The same command with values concealed in its output. */
export function masked({ env, ...command }: Command, report: Report): Command {
  const patterns = patternsOf(concealedTexts(report, env));
  // Its output is a pipe then: a program that looks for a terminal would leave its colours out.
  const isDecided = ['FORCE_COLOR', 'NO_COLOR', 'NODE_DISABLE_COLORS'].some((name) => env[name] !== undefined);
  const depth = process.stdout.isTTY && !isDecided ? process.stdout.getColorDepth() : 1;
  return {
    ...command,
    env: { ...env, ...(depth > 1 && { FORCE_COLOR: depth >= 24 ? '3' : depth >= 8 ? '2' : '1' }) },
    output: (child) => passMasked(child, patterns),
  };
}
