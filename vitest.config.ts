import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteEmbeddedSources } from './scripts/embedded-sources.mjs';
import { summaryReporter } from './scripts/summary-reporter.mjs';

/** On the packed package, in processes of their own. */
const onThePackage = [
  'test/process/**/*.test.ts',
  'test/faults/process/**/*.test.ts',
  'test/hosts/*.test.ts',
  'test/types/**/*.test.ts',
];

export default defineConfig({
  plugins: [viteEmbeddedSources()],
  resolve: {
    alias: [
      {
        find: /^\.(\/startup)?\/siblings\.js$/,
        replacement: fileURLToPath(new URL('test/helpers/siblings.ts', import.meta.url)),
      },
    ],
  },
  test: {
    reporters: ['default', summaryReporter],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests wait as long as they work, for processes, servers and deadlines: three files at a time even on two processors.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: { name: 'sources', include: ['test/**/*.test.ts'], exclude: [...onThePackage, 'test/hosts/**'] },
      },
      {
        extends: true,
        test: { name: 'package', include: onThePackage, globalSetup: 'test/process/support/setup.ts' },
      },
    ],
  },
});
