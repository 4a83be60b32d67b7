import type { Session } from './session.js';
import type { Starts } from './starts.js';
import type { RunningJob } from './worker.js';

/** What `vaultstrap/start` began, until something joins it. */
export interface EarlyStart {
  begin(session: Session, job: RunningJob | undefined): void;
  /** Of no use to another session: that may have more to read. */
  jobOf(session: Session): RunningJob | undefined;
  /** It has been joined, or is of no interest any more. */
  forget(): void;
}

/** Never joined in the time of a start, or in the life of the process, it is an error. */
export function createEarlyStart(starts: Starts): EarlyStart {
  let begun: { readonly session: Session; readonly job: RunningJob | undefined } | undefined;
  let limit: NodeJS.Timeout | undefined;

  function complain(): void {
    if (starts.phase !== 'started') return;
    starts.phase = 'failed';
    starts
      .log()
      .error(
        "vaultstrap/start began to resolve settings and nothing joined it, so they are missing. Import 'vaultstrap/register' after the heavy modules.",
      );
  }

  return {
    begin(session, job) {
      begun = { session, job };
      limit = setTimeout(complain, session.config.timeoutMs).unref();
      process.once('exit', complain);
    },
    jobOf: (session) => (begun?.session === session ? begun.job : undefined),
    forget() {
      begun = undefined;
      clearTimeout(limit);
      process.off('exit', complain);
    },
  };
}
