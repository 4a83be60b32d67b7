import type { Reporter } from 'vitest/node';

export const summaryReporter: Reporter;
