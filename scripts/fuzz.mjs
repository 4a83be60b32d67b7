// Coverage-guided fuzzing on V8's own block coverage: texts of the corpus are changed at random, and those that reach
// a block (or reach one much more often) that nothing reached before join the corpus. `test/fuzz/<target>.ts` says
// what must hold, and throws when it does not.
// `npm run fuzz -- --minutes 10`; `--runs N --seed N` repeats a run exactly; `--save` keeps what was learnt.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { root } from './embedded-sources.mjs';
import { createMutator } from './fuzz-texts.mjs';

const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: 'reference' },
    corpus: { type: 'string' },
    minutes: { type: 'string' },
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    save: { type: 'boolean', default: false },
  },
});
const LONGEST = 6000;
/** Asking for coverage costs as much as a hundred trials. */
const BATCH = 128;
/** Far beyond what a text of this length may cost, even on a busy machine. */
const SLOW_MS = 500;

const corpusFile = path.join(root, `test/fuzz/corpus/${options.corpus ?? options.target}.json`);
const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-fuzz-'));
const bundle = path.join(folder, 'target.mjs');
await build({
  entryPoints: [path.join(root, `test/fuzz/${options.target}.ts`)],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: bundle,
});
const code = readFileSync(bundle, 'utf8');

// Only what comes from src/ guides: esbuild heads each module with its path.
const modules = [...code.matchAll(/^\/\/ (\S+\.ts)$/gm)].map(({ 1: file = '', index }) => ({ file, index }));
const ours = new Uint8Array(code.length);
for (const [i, { file, index }] of modules.entries()) {
  if (file.startsWith('src/')) ours.fill(1, index, modules[i + 1]?.index);
}

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
/** @type {{ check(text: string): void, TOKENS: readonly string[], BOUNDARY: RegExp }} */
const { check, TOKENS, BOUNDARY } = await import(pathToFileURL(bundle).href);
rmSync(folder, { recursive: true });

/** Each character of ours: 1 when code there has ever run. Blocks themselves will not do: V8 merges those that ran alike. */
const reached = new Uint8Array(code.length);
/** @returns {number} how many characters ran since the last call, and never before; `keep` remembers them */
function news(keep = false) {
  const ran = new Uint8Array(code.length);
  session.post('Profiler.takePreciseCoverage', (error, reply) => {
    if (error) throw error;
    const script = reply.result.find(({ url }) => url === pathToFileURL(bundle).href);
    // The outer before the inner ones.
    for (const { startOffset, endOffset, count } of script?.functions.flatMap(({ ranges }) => ranges) ?? []) {
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
  });
  let found = 0;
  for (let at = 0; at < code.length; at++) {
    if (!ran[at] || reached[at] || !ours[at]) continue;
    found++;
    if (keep) reached[at] = 1;
  }
  return found;
}

/** @type {string[]} */
const corpus = JSON.parse(readFileSync(corpusFile, 'utf8'));
const known = corpus.length;

const mutated = createMutator({
  seed: Number(options.seed),
  corpus,
  tokens: TOKENS,
  boundary: BOUNDARY,
  longest: LONGEST,
});

/** @param {string} text @returns {string | undefined} what does not hold */
function trial(text) {
  const startedMs = performance.now();
  try {
    check(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return performance.now() - startedMs > SLOW_MS ? `took more than ${SLOW_MS} ms` : undefined;
}

/** The shortest text near this one of which still something does not hold. @param {string} text */
function minimised(text) {
  for (let size = text.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= text.length; ) {
      const shorter = text.slice(0, at) + text.slice(at + size);
      if (trial(shorter)) text = shorter;
      else at += size;
    }
  }
  return text;
}

/** @param {string} text */
function report(text) {
  const shortest = minimised(text);
  console.error(`found with seed ${options.seed}: ${JSON.stringify(shortest)}\n${trial(shortest)}`);
  process.exit(1);
}

/** @param {readonly string[]} batch */
function bringsNews(batch) {
  for (const text of batch) if (trial(text)) report(text);
  return news() > 0;
}

/** Halves what brought something new until it is known which text it was. @param {readonly string[]} batch */
function learn(batch) {
  if (batch.length > 1) {
    for (const half of [batch.slice(0, batch.length / 2), batch.slice(batch.length / 2)]) {
      if (bringsNews(half)) learn(half);
    }
    return;
  }
  const [text = ''] = batch;
  trial(text);
  if (news(true) > 0) corpus.push(text);
}

for (const text of corpus) if (trial(text)) report(text);
news(true);
const untilMs = options.minutes ? performance.now() + Number(options.minutes) * 60_000 : Number.POSITIVE_INFINITY;
const limit = options.minutes ? Number.POSITIVE_INFINITY : Number(options.runs);
let runs = 0;
while (runs < limit && performance.now() < untilMs) {
  const batch = Array.from({ length: BATCH }, mutated);
  runs += BATCH;
  if (bringsNews(batch)) learn(batch);
}

const unreached = [...code.matchAll(/\S[^\n]*/g)].filter(
  ({ 0: line, index }) => ours[index] && /\w/.test(line) && !reached[index] && !line.startsWith('//'),
);
console.log(
  `${runs} runs with seed ${options.seed}: nothing found, ${corpus.length - known} texts learnt; lines of src/ not reached: ${unreached.length}`,
);
for (const [line] of unreached) console.log(`  ${line}`);
if (options.save) writeFileSync(corpusFile, `${JSON.stringify(corpus, undefined, 2)}\n`);
session.disconnect();
