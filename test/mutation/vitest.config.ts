import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { viteEmbeddedSources } from '../../scripts/embedded-sources.mjs';
import { currentGroup } from './groups.mjs';

/** Examples first: a mutant's run ends at the first failure, and properties take longest. */
class ExamplesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isProperty = ({ moduleId }: TestSpecification) => Number(moduleId.includes('/property/'));
    return files.sort((a, b) => isProperty(a) - isProperty(b));
  }
}

/** For Stryker: the tests of one group of the pure core, on the sources. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  plugins: [viteEmbeddedSources()],
  resolve: {
    alias: [
      { find: /^\.\/siblings\.js$/, replacement: fileURLToPath(new URL('../helpers/siblings.ts', import.meta.url)) },
    ],
  },
  test: {
    setupFiles: ['test/mutation/seed.ts'],
    testTimeout: 60_000,
    maxWorkers: 1,
    sequence: { sequencer: ExamplesFirst },
    include: currentGroup().tests.map((tests) => `test/${tests}.test.ts`),
  },
});
