// `npm run mutation`: by hand, some ten minutes. What it found is in CONTRIBUTING.md.
/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [
    'src/settings/{reference,scan,template,names,provenance,platform-record}.ts',
    'src/rotation/{schedule,expiry,field,value}.ts',
    'src/vault/{failure,host,circuit,reply}.ts',
    'src/identity/{expiry,reply}.ts',
    'src/support/{retry,near,identity-selector,vault-names}.ts',
  ],
  // Stryker rewrites the tsconfig with TypeScript's old interface, which TypeScript 7 does not have.
  tsconfigFile: 'none.json',
  concurrency: 1,
  coverageAnalysis: 'perTest',
  ignorePatterns: ['dist', 'docs', 'examples', 'bench', 'infra', 'functions'],
  reporters: ['clear-text', 'json', 'progress-append-only'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
  tempDirName: '.stryker-tmp',
  timeoutMS: 10_000,
};
