import { bootstrap, close, isVaultstrapError, type Report, report, type VaultstrapError } from '../index.js';
import { renderText } from '../report/text.js';
import { type Environment, liveEnvironment } from '../settings/environment.js';
import { HOW_IT_BEGINS, misspeltIn, STAYS_TEXT } from '../settings/near-reference.js';
import { planSettings } from '../settings/plan.js';
import { systemClock } from '../support/clock.js';
import { isEnabled, readConfig } from '../support/config.js';
import { printJson } from '../support/json.js';
import { relaxationsIn } from '../support/relaxations.js';
import { EXIT } from './support/exit.js';
import { showProgress } from './support/progress.js';
import { KEEPS_QUOTES, quotedIn, TAKE_QUOTES_OUT } from './support/quoted-reference.js';
import { loadSources, type SourceOptions } from './support/sources.js';
import { complain, hasColor, note, printable } from './support/terminal.js';
import { hintOfUnread } from './support/unread-files.js';

export interface CheckOptions extends SourceOptions {
  /** Default: text for people. */
  readonly json?: true;
}

/** Resolves this process's settings and prints the report. */
export async function check({ json, ...sources }: CheckOptions): Promise<number> {
  await loadSources(sources);
  // Before values stand there.
  const { misspelt = [], quoted = [], isQuiet = false } = findOdd(liveEnvironment());
  const hideProgress = showProgress(process.stderr, 'Resolving settings');
  let mistake: VaultstrapError | undefined;
  try {
    await bootstrap();
  } catch (error) {
    // A malformed setting of our own stands in no report.
    if (isVaultstrapError(error) && report().settings.length === 0) mistake = error;
  }
  hideProgress();
  // First, so that no next reading is announced.
  await close();
  const outcome = report();
  if (mistake !== undefined) complain(mistake.message);
  const unread = outcome.status === 'idle' ? hintOfUnread(sources) : undefined;
  const whole = {
    ...outcome,
    ...(misspelt.length > 0 && { misspelt }),
    // Whoever reads the output alone would see a failure without a reason.
    ...(mistake !== undefined && { error: mistake }),
  };
  // All of them: the start's warning, on the other stream, names a few.
  const odd = misspelt.length > 0 ? `\nMisspelt    ${printable(misspelt.join(', '))}\n` : '';
  process.stdout.write(json ? printJson(whole) : describe(outcome) + odd);
  if (isQuiet) for (const name of misspelt) complain(`${name}: ${STAYS_TEXT}`, HOW_IT_BEGINS);
  for (const name of quoted) note(`${name}: ${KEEPS_QUOTES} ${TAKE_QUOTES_OUT}`);
  if (unread !== undefined) note(unread);
  const isWell = outcome.status === 'idle' || outcome.status === 'ready';
  return isWell && misspelt.length === 0 ? EXIT.done : EXIT.unresolved;
}

/** To resolving they are text like any other, or almost, but whoever wrote them meant something else. */
function findOdd(env: Environment): {
  readonly misspelt?: readonly string[];
  readonly quoted?: readonly string[];
  /** The start warns of misspelt ones, unless it has been silenced. */
  readonly isQuiet?: boolean;
} {
  try {
    if (!isEnabled(env, {})) return {};
    const config = readConfig(env);
    const plan = planSettings(env, config, systemClock.now());
    return {
      misspelt: misspeltIn(plan),
      quoted: quotedIn(plan),
      isQuiet: config.log === 'silent' || config.log === 'error',
    };
  } catch {
    // A malformed setting of our own, which the start tells of.
    return {};
  }
}

function describe(outcome: Report): string {
  if (outcome.status !== 'idle') return renderText(outcome, { color: hasColor(process.stdout) });
  const env = liveEnvironment();
  if (!isEnabled(env, {})) return `Nothing is resolved: VAULTSTRAP_ENABLED=${env['VAULTSTRAP_ENABLED']?.trim()}.\n`;
  const redirects = relaxationsIn(env);
  return `No setting holds a reference: there is nothing to resolve.\n${
    redirects.length > 0 ? `Relaxed by  ${redirects.join(', ')}\n` : ''
  }`;
}
