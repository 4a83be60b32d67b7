import type { RunnerTestCase } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Combinations of faults, lanes and ways to start that this test has gone through. */
    combinations?: number;
  }
}

/** One more combination that kept its promise; the run prints the sum. */
export function count({ meta }: Pick<RunnerTestCase, 'meta'>): void {
  meta.combinations = (meta.combinations ?? 0) + 1;
}
