// Mutation testing of the pure core, a group after the other: `npm run mutation [group ...]`. By hand; it takes half
// an hour or more. Prints each mutant that no test noticed, and the score; CONTRIBUTING.md says what is left and why.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GROUPS } from '../test/mutation/groups.mjs';
import { root } from './embedded-sources.mjs';

const asked = process.argv.slice(2);
let total = 0;
let noticed = 0;
for (const group of asked.length > 0 ? asked : Object.keys(GROUPS)) {
  const { status } = spawnSync(
    process.execPath,
    [path.join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run'],
    { cwd: root, stdio: ['ignore', process.stderr, 'inherit'], env: { ...process.env, MUTATION_GROUP: group } },
  );
  if (status !== 0) process.exit(status ?? 1);
  const { files } = JSON.parse(readFileSync(path.join(root, `reports/mutation/${group}.json`), 'utf8'));
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n');
    let [inFile, missed] = [0, 0];
    for (const { status: outcome, location, replacement, mutatorName } of mutants) {
      // Left out of the score, as by Stryker itself: a program that does not even load.
      if (['Ignored', 'CompileError', 'RuntimeError'].includes(outcome)) continue;
      inFile++;
      if (outcome === 'Killed' || outcome === 'Timeout') continue;
      missed++;
      const { start, end } = location;
      const original = start.line === end.line ? lines[start.line - 1].slice(start.column - 1, end.column - 1) : '...';
      console.log(`${file}:${start.line}:${start.column} ${outcome} ${mutatorName}: ${original} => ${replacement}`);
    }
    console.log(`${file}: ${inFile - missed} of ${inFile} noticed`);
    total += inFile;
    noticed += inFile - missed;
  }
}
console.log(`${noticed} of ${total} mutants noticed: ${((100 * noticed) / total).toFixed(1)} %`);
