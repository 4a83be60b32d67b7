import { bootstrap, close, isVaultstrapError, report } from '../index.js';
import { renderText } from '../report/text.js';
import { EXIT } from './support/exit.js';
import { complain, hasColor } from './support/terminal.js';

export interface CheckOptions {
  /** Default: text for people. */
  readonly json?: true;
}

/** Resolves this process's settings and prints the report. */
export async function check({ json }: CheckOptions): Promise<number> {
  try {
    await bootstrap();
  } catch (error) {
    // A malformed setting of our own stands in no report.
    if (isVaultstrapError(error) && report().settings.length === 0) complain(error.message);
  }
  const outcome = report();
  await close();
  const color = hasColor(process.stdout);
  process.stdout.write(json ? `${JSON.stringify(outcome, undefined, 2)}\n` : renderText(outcome, { color }));
  return outcome.status === 'failed' || outcome.status === 'degraded' ? EXIT.unresolved : EXIT.done;
}
