import { TestRunner } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Combinations of faults, lanes and modes that this test has gone through. */
    combinations?: number;
  }
}

/** One more combination that kept its promise; the run prints the sum. */
export function count(): void {
  const { meta } = TestRunner.getCurrentTest() ?? {};
  if (meta) meta.combinations = (meta.combinations ?? 0) + 1;
}
