import { currentGroup } from './test/mutation/groups.mjs';

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // Not threads, Stryker's own choice: tests that set TZ need a process of their own, as they have it elsewhere.
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false, pool: 'forks' },
  mutate: currentGroup().mutate.map((files) => `src/${files}.ts`),
  // Stryker rewrites the tsconfig through TypeScript's old interface, which TypeScript 7 does not have.
  tsconfigFile: 'none.json',
  concurrency: 1,
  coverageAnalysis: 'perTest',
  ignorePatterns: ['dist', 'docs', 'examples', 'bench', '/functions', 'reports'],
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `reports/mutation/${currentGroup().name}.json` },
  tempDirName: `reports/stryker-${currentGroup().name}`,
  timeoutMS: 10_000,
};
