import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { safeCause } from '../support/failure.js';
import { addDependency } from './init/dependency.js';
import { renderDiff } from './init/diff.js';
import type { ByHand, Change } from './init/edit.js';
import { planEntry } from './init/entry.js';
import type { RotationFlags } from './init/rotation.js';
import { addSample, envSampleOf } from './init/sample.js';
import { type Project, readProject } from './lint/app/project.js';
import { EXIT, UsageError } from './support/exit.js';
import { isThere, readExactText } from './support/files.js';
import { ask } from './support/prompt.js';
import { shellWord } from './support/shell-word.js';
import { paint, printable } from './support/terminal.js';

export interface InitOptions extends RotationFlags {
  readonly yes?: true;
  readonly dryRun?: true;
  /** Ours: what the dependency asks for. */
  readonly version: string;
}

/** Adds vaultstrap to the app of this folder: shows what it would write, asks, and writes it. */
export async function init(options: InitOptions): Promise<number> {
  const dir = process.cwd();
  const manifest = path.join(dir, 'package.json');
  if (!existsSync(manifest)) throw new UsageError('there is no package.json here.', 'Run it in the folder of the app.');
  const text = readExactText('package.json');
  const project = readProject({ file: 'package.json', path: manifest, text });
  const [broken] = project.findings;
  if (broken) throw new UsageError(`package.json, line ${broken.line}: ${broken.message}`);
  if (!text.trimStart().startsWith('{')) throw new UsageError('package.json holds no object.');
  const flags: RotationFlags = options;
  if (!project.isFunctions && (flags.timer || flags.events || flags.status)) {
    throw new UsageError('--timer, --events and --status are for Function Apps; there is no host.json here.');
  }

  const entry = planEntry(project, flags);
  const changes = [addDependency(text, options.version), ...entry.changes, addSample(project)].filter(
    (change) => change !== undefined,
  );
  if (changes.length === 0 && entry.byHand.length === 0) {
    process.stdout.write(
      'Nothing to do: vaultstrap is in this app already. Whether it loads first: npx vaultstrap lint\n',
    );
    return EXIT.done;
  }
  for (const change of changes) process.stdout.write(`${renderDiff(change, process.stdout)}\n`);
  const answer = changes.length > 0 ? await agreement(options) : 'no';
  if (answer === 'yes') {
    for (const change of changes) checkWritable(dir, change);
    for (const change of changes) write(dir, change);
    const names = changes.map(({ file }) => file).join(', ');
    const install = changes.some(({ file }) => file === 'package.json') ? 'npm install, then ' : '';
    process.stdout.write(
      `Written: ${printable(names)}.\nNext: ${install}npx vaultstrap lint. To start it without Azure: ${printable(startOf(project))}\n`,
    );
  }
  for (const one of entry.byHand) explain(one);
  return entry.byHand.length > 0 || answer === 'nobody' ? EXIT.unresolved : EXIT.done;
}

/** The template's script builds first. Below `run` it does not matter whether the app loads its .env itself. */
function startOf({ dir, isFunctions, scripts, main }: Project): string {
  const emulate = 'npx vaultstrap emulate --';
  const has = (script: string) => scripts.some(({ name }) => name === script);
  if (isFunctions) return `${emulate} ${has('start') ? 'npm start' : 'func start'}`;
  const byHand = main ? `node ${shellWord(main.value)}` : 'COMMAND';
  const command = has('start') ? 'npm start' : has('dev') ? 'npm run dev' : byHand;
  const first = existsSync(path.join(dir, '.env')) ? '' : `copy ${envSampleOf(dir)} to .env, then `;
  return `${first}${emulate} npx vaultstrap run -e .env -- ${command}`;
}

async function agreement({ yes, dryRun }: InitOptions): Promise<'yes' | 'no' | 'nobody'> {
  if (dryRun) {
    process.stdout.write('Nothing written: a dry run.\n');
    return 'no';
  }
  if (yes) return 'yes';
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    process.stdout.write('Nothing written, since there is nobody to ask: run it with --yes.\n');
    return 'nobody';
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await ask((signal) => confirm({ message: 'Write this?', signal }));
  if (answer === true && !isCancel(answer)) return 'yes';
  process.stdout.write('Nothing written.\n');
  return 'no';
}

/** Before the first is written: all, or nothing. */
function checkWritable(dir: string, { file, before }: Change): void {
  let place = path.join(dir, file);
  if (before === undefined && isThere(place))
    throw new UsageError(`${file} is a link that leads nowhere; nothing was written.`);
  while (before === undefined && !existsSync(place)) place = path.dirname(place);
  // By a `main`, or a link: what stands there is another's, and nobody looks for it in this folder's history.
  const inside = path.relative(realpathSync(dir), realpathSync(place));
  if (/^\.\.([/\\]|$)/.test(inside) || path.isAbsolute(inside))
    throw new UsageError(`${file} leads out of this folder; nothing was written.`);
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${file} cannot be written (${safeCause(error).code}); nothing was.`);
  }
}

/** Only over what was read, or where there was nothing. */
function write(dir: string, { file, before, after }: Change): void {
  const full = path.join(dir, file);
  if (before === undefined) {
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, after, { flag: 'wx' });
    return;
  }
  if (readFileSync(full, 'utf8') !== before) throw new UsageError(`${file} was changed meanwhile; it was left alone.`);
  writeFileSync(full, after);
}

function explain({ why, paste }: ByHand): void {
  const head = paint(process.stdout, 'yellow', 'To be done by hand:');
  process.stdout.write(`\n${head} ${printable(why)}\nPaste this:\n\n    ${printable(paste)}\n\n`);
}
