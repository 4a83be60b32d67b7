import { defineConfig } from 'vitest/config';
import { viteEmbeddedSources } from './scripts/embedded-sources.mjs';

export default defineConfig({
  plugins: [viteEmbeddedSources()],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
