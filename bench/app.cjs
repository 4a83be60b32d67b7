// The app under test: it wants its secrets, and ends.
const count = Number(process.env.BENCH_SECRETS ?? 0);
for (let i = 0; i < count; i++) {
  if (process.env[`S${i}`] !== `value-${i}`) throw new Error(`S${i} is not resolved`);
}
