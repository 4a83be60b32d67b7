import { readEnvironment } from '../settings/environment.js';
import { systemClock } from '../support/clock.js';
import { examine } from './doctor/examine.js';
import { findingsAsJson, renderFindings } from './doctor/render.js';
import { EXIT } from './support/exit.js';
import { showProgress } from './support/progress.js';
import { loadSources, type SourceOptions } from './support/sources.js';
import { hintOfUnread } from './support/unread-files.js';

export interface DoctorOptions extends SourceOptions {
  /** Default: text for people. */
  readonly json?: true;
  /** Seconds. */
  readonly timeout: number;
  /** Whether to try to list a vault's secrets. */
  readonly list: boolean;
}

/** Examines the settings that `run` would resolve and the way to their secrets, prints what was found, and ends the process. */
export async function doctor({ json, timeout, list, ...sources }: DoctorOptions): Promise<void> {
  await loadSources(sources);
  const hideProgress = showProgress(process.stderr, 'Looking');
  const { versions, platform, arch } = process;
  const findings = await examine({
    env: readEnvironment(),
    runtime: { node: versions.node, platform, arch },
    clock: systemClock,
    timeoutMs: timeout * 1000,
    list,
    unread: hintOfUnread(sources),
  });
  hideProgress();
  process.exitCode = findings.some(({ verdict }) => verdict === 'bad') ? EXIT.unresolved : EXIT.done;
  const text = json ? findingsAsJson(findings) : renderFindings(findings, process.stdout);
  // A name that nobody answers for keeps a process for half a minute: what there is to say is said.
  process.stdout.write(text, () => setImmediate(() => process.exit()));
}
