import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { viteEmbeddedSources } from '../../scripts/embedded-sources.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** For Stryker: the tests of the pure core alone, on the sources. */
export default defineConfig({
  root,
  plugins: [viteEmbeddedSources()],
  test: {
    setupFiles: ['test/mutation/seed.ts'],
    maxWorkers: 1,
    include: [
      'test/settings/*.test.ts',
      'test/property/*.test.ts',
      'test/rotation/{compose,expiry,schedule,value}.test.ts',
      'test/identity/{expiry,reply,source}.test.ts',
      'test/vault/{circuit,failure,host,reply}.test.ts',
      'test/support/{config,http,near,retry,small}.test.ts',
    ],
  },
});
