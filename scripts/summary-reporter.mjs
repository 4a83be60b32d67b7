// One plain line at the end of a test run, for whoever reads logs by machine: `12 passed, 0 failed, 1 skipped`.
export const summaryReporter = {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    let combinations = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        combinations += test.meta().combinations ?? 0;
        if (state in counts) counts[/** @type {keyof typeof counts} */ (state)]++;
      }
    }
    if (combinations > 0) console.log(`fault matrix: ${combinations} combinations kept their promise`);
    console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  },
};
