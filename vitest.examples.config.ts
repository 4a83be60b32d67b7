// npm run test:examples: the examples whose packages are not those of this repository, installed from the registry.
import { defineConfig } from 'vitest/config';
import { summaryReporter } from './scripts/summary-reporter.mjs';

export default defineConfig({
  test: {
    name: 'examples',
    include: ['test/hosts/installed/*.test.ts'],
    globalSetup: 'test/process/support/setup.ts',
    reporters: ['default', summaryReporter],
    testTimeout: 60_000,
    // Installs, and builds what is to be built.
    hookTimeout: 300_000,
  },
});
