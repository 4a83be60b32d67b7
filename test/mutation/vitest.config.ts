import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteEmbeddedSources } from '../../scripts/embedded-sources.mjs';
import { currentGroup } from './groups.mjs';

/** For Stryker: the tests of one group of the pure core, on the sources. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteEmbeddedSources()],
  test: {
    setupFiles: ['test/mutation/seed.ts'],
    testTimeout: 60_000,
    maxWorkers: 1,
    include: currentGroup().tests.map((tests) => `test/${tests}.test.ts`),
  },
});
