import path from 'node:path';
import { readVariable } from '../settings/environment.js';
import { nearest } from '../support/nearest.js';
import { findFiles } from './lint/files.js';
import { renderAzure, renderGithub } from './lint/formats/annotations.js';
import { renderJson, renderSarif } from './lint/formats/data.js';
import { renderText } from './lint/formats/text.js';
import { lintFiles, type Outcome } from './lint/lint-files.js';
import { isRuleId, RULES } from './lint/rules.js';
import { EXIT, UsageError } from './support/exit.js';
import { note } from './support/terminal.js';

export interface LintOptions {
  readonly format?: string;
  readonly json?: true;
  readonly maxWarnings?: string;
  readonly ignoreRule?: readonly string[];
  /** Ours, for SARIF. */
  readonly version: string;
}

const FORMATS = ['text', 'json', 'github', 'azure', 'sarif'] as const;
type Format = (typeof FORMATS)[number];

/** Looks at files for what would fail, or leak, where they run; prints what it finds. */
export async function lint(given: readonly string[], options: LintOptions): Promise<number> {
  const format = formatOf(options);
  const maxWarnings = limitOf(options.maxWarnings);
  const ignored = new Set(options.ignoreRule ?? []);
  for (const id of ignored) {
    if (isRuleId(id)) continue;
    const meant = nearest(id, Object.keys(RULES));
    throw new UsageError(`--ignore-rule: there is no rule ${id}.`, meant ? `Did you mean ${meant}?` : RULES_HINT);
  }
  const cwd = process.cwd();
  const all = await lintFiles(findFiles(given, cwd), cwd);
  const outcome = { ...all, findings: all.findings.filter(({ rule }) => !ignored.has(rule)) };
  const render = {
    text: () => renderText(outcome, process.stdout),
    json: () => renderJson(outcome),
    github: () => renderGithub(fromCheckout(outcome, cwd, 'GITHUB_WORKSPACE')),
    azure: () => renderAzure(fromCheckout(outcome, cwd, 'BUILD_SOURCESDIRECTORY')),
    sarif: () => renderSarif(outcome, options.version, cwd),
  };
  process.stdout.write(render[format]());
  if (given.length === 0 && all.hasWorkspaces) {
    note('workspaces are looked at when they are named: npx vaultstrap lint apps/*');
  }
  const count = (severity: string) => outcome.findings.filter((one) => one.severity === severity).length;
  return count('error') > 0 || count('warning') > maxWarnings ? EXIT.unresolved : EXIT.done;
}

/** Annotations name files from the top of the checkout, wherever in it the step runs. */
function fromCheckout(outcome: Outcome, cwd: string, variable: string): Outcome {
  const checkout = readVariable(variable);
  const below = checkout ? path.relative(checkout, cwd).replaceAll(path.sep, '/') : '';
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) return outcome;
  return { ...outcome, findings: outcome.findings.map((one) => ({ ...one, file: path.posix.join(below, one.file) })) };
}

const RULES_HINT = `Rules: ${Object.keys(RULES).join(', ')}.`;

/** What is asked for, else what the build that we run in shows beside the code. */
function formatOf({ format, json }: LintOptions): Format {
  if (json && format && format !== 'json') throw new UsageError(`--json and --format ${format} exclude each other.`);
  if (json) return 'json';
  if (format !== undefined) {
    const known = FORMATS.find((name) => name === format);
    if (!known) throw new UsageError('--format is not known.', `It is one of ${FORMATS.join(', ')}.`);
    return known;
  }
  if (readVariable('GITHUB_ACTIONS') === 'true') return 'github';
  return readVariable('TF_BUILD') ? 'azure' : 'text';
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--max-warnings takes a whole number, 0 or more.');
  return Number(text);
}
