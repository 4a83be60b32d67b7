// Required before everything: what this process loaded and used, one line of JSON in the file named by BENCH_COUNT.
// With BENCH_CODE also the bytes of code; that takes hooks, which would cost time and memory.
const { appendFileSync } = require('node:fs');
let files = 0;
let bytes = 0;
if (process.env.BENCH_CODE) {
  require('node:module').registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url.startsWith('file:')) {
        files++;
        bytes += Buffer.byteLength(loaded.source ?? require('node:fs').readFileSync(new URL(url)));
      }
      return loaded;
    },
  });
}
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const peakMb = maxRSS / 1024;
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  // Those of Node itself that this process did not have at its start.
  const builtins = process.moduleLoadList.length;
  appendFileSync(process.env.BENCH_COUNT, `${JSON.stringify({ peakMb, cpuMs, builtins, files, bytes })}\n`);
});
