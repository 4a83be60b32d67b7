import { readEnvironment } from '../settings/environment.js';
import { systemClock } from '../support/clock.js';
import { examine } from './doctor/examine.js';
import { findingsAsJson, renderFindings } from './doctor/render.js';
import { EXIT } from './support/exit.js';

export interface DoctorOptions {
  /** Default: text for people. */
  readonly json?: true;
  /** Seconds. */
  readonly timeout: number;
  /** Whether to try to list a vault's secrets. */
  readonly list: boolean;
}

/** Examines this process's settings and the way to their secrets, prints what was found, and ends the process. */
export async function doctor({ json, timeout, list }: DoctorOptions): Promise<void> {
  const { versions, platform, arch } = process;
  const findings = await examine({
    env: readEnvironment(),
    runtime: { node: versions.node, platform, arch },
    clock: systemClock,
    timeoutMs: timeout * 1000,
    list,
  });
  const isBad = findings.some(({ verdict }) => verdict === 'bad');
  const text = json ? findingsAsJson(findings) : renderFindings(findings, process.stdout);
  // A name that nobody answers for keeps a process for half a minute: what there is to say is said.
  process.stdout.write(text, () => process.exit(isBad ? EXIT.unresolved : EXIT.done));
}
