import { until } from '../../helpers/until.js';

export interface Load {
  /** Until every worker has had two more answers: the second of them to a request that began after this call. */
  progress(): Promise<void>;
  /** Answers other than 200, in words. */
  readonly failures: readonly string[];
  /** Lets the requests in flight end; returns the failures. */
  stop(): Promise<readonly string[]>;
}

/** Workers that ask for a page without a pause, all in parallel. */
export function startLoad(url: string, workers = 8): Load {
  const answers: number[] = Array(workers).fill(0);
  const failures: string[] = [];
  let stopped = false;

  async function work(worker: number): Promise<void> {
    while (!stopped) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
        const body = await response.text();
        if (response.status !== 200) failures.push(`${response.status} ${body}`);
      } catch (error) {
        failures.push(String(error));
      }
      answers[worker] = (answers[worker] ?? 0) + 1;
    }
  }
  const working = Promise.all(answers.map((_, worker) => work(worker)));

  return {
    failures,
    async progress() {
      const before = [...answers];
      await until(() => answers.every((count, i) => count >= (before[i] ?? 0) + 2));
    },
    async stop() {
      stopped = true;
      await working;
      return failures;
    },
  };
}
