// Every command that is told exists, with the options that are told, and takes them as they stand there.
import { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { addCheck } from '../../src/cli/commands/check.js';
import { addDoctor } from '../../src/cli/commands/doctor.js';
import { addEmulate } from '../../src/cli/commands/emulate.js';
import { addImport } from '../../src/cli/commands/import.js';
import { addInit } from '../../src/cli/commands/init.js';
import { addLint } from '../../src/cli/commands/lint.js';
import { addRun } from '../../src/cli/commands/run.js';
import { addSet } from '../../src/cli/commands/set.js';
import { codesIn, pages, readPage, snippetsIn } from './support/pages.js';
import { commandsOf } from './support/shell.js';

/** Programs of others: what may stand in a line to copy. */
const OTHERS = [
  'az',
  'azd',
  'func',
  'node',
  'npm',
  'npx',
  'openssl',
  'docker',
  'sudo',
  'curl',
  'git',
  'cd',
  'eval',
  'head',
  'base64',
  'terraform',
];

/** Spans, and how lines of the log begin. */
const NAMES = /^vaultstrap (?:start|refresh|token|error:|warn:)$/;

/** As `src/cli/main.ts` has them, but nothing is done. */
function parser(): Command {
  const program = new Command('vaultstrap').enablePositionalOptions();
  for (const add of [addRun, addCheck, addLint, addDoctor, addInit, addEmulate, addSet, addImport]) add(program);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command !== program) command.action(() => {});
  }
  return program;
}

let program: Command;
beforeAll(() => {
  program = parser();
});

const scripts: Readonly<Record<string, string>> = packageJson.scripts;
const scriptOf = (words: readonly string[]): string | undefined =>
  words[0] !== 'npm' ? undefined : words[1] === 'run' ? words[2] : words[1] === 'test' ? 'test' : undefined;
const ofOurs = (words: readonly string[]) => {
  const bare = words[0] === 'npx' ? words.slice(1) : words;
  return bare[0] === 'vaultstrap' ? bare.slice(1) : undefined;
};

const lines = snippetsIn(pages, 'sh').flatMap(({ at, text }) =>
  commandsOf(text).map((words) => [words.join(' '), words, at] as const),
);

describe('lines to copy', () => {
  test('are found', () => expect(lines.length).toBeGreaterThan(30));

  test.each(lines)('%s', (_line, words, at) => {
    const ours = ofOurs(words);
    if (ours) return void expect(() => parser().parse([...ours], { from: 'user' }), at).not.toThrow();
    expect(OTHERS, at).toContain(words[0]);
    // An example's scripts are its own: test/hosts starts them.
    const script = at.startsWith('examples/') ? undefined : scriptOf(words);
    if (script !== undefined) expect(Object.keys(scripts), at).toContain(script);
  });
});

describe('commands in the text', () => {
  const told = pages.flatMap((page) =>
    codesIn(page).flatMap((code) =>
      /^(?:npx )?vaultstrap [a-z]/.test(code) && !NAMES.test(code) ? [[code, page.file] as const] : [],
    ),
  );

  test('are found', () => expect(told.length).toBeGreaterThan(30));

  test.each(told)('%s (%s)', (code) => {
    const [name = '', ...rest] = (code.replace(/^(?:npx )?vaultstrap /, '').split(/\s--(?:\s|\]|$)/)[0] ?? '').split(
      /[\s[\]|]+/,
    );
    const command = program.commands.find((one) => one.name() === name);
    expect(command, name).toBeDefined();
    const options = new Set(command?.options.flatMap(({ long, short }) => [long, short]));
    expect(rest.filter((word) => /^--?[a-z]/.test(word) && !options.has(word))).toEqual([]);
  });

  const npm = pages
    .filter(({ file }) => !file.startsWith('examples/'))
    .flatMap((page) => codesIn(page).flatMap((code) => /^npm run ([\w:]+)/.exec(code)?.[1] ?? []));
  test.each([...new Set(npm)])('npm run %s', (script) => expect(Object.keys(scripts)).toContain(script));

  test('every script for contributors is told there', () => {
    const told = codesIn(readPage('CONTRIBUTING.md')).join('\n');
    const untold = Object.keys(scripts).filter((name) => name !== 'prepack' && !told.includes(name));
    expect(untold).toEqual([]);
  });
});

test('the contract lists each command with all of its options, and no other', () => {
  const rows = [...readPage('docs/design.md').prose.matchAll(/^\| `(\w+)[^|]*` \| (`--[^|]+) \|/gm)];
  const listed = rows.map(([, name, cell = '']) => [name, (cell.match(/--[a-z-]+/g) ?? []).sort()]);
  const there = program.commands
    .filter((command) => command.name() !== 'run')
    .map((command) => [command.name(), command.options.flatMap(({ long }) => long ?? []).sort()]);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(there));
});

test('every command and every option of ours is told somewhere', () => {
  const text = pages.map((page) => page.text).join('\n');
  const untold = program.commands.flatMap((command) => [
    ...(new RegExp(`vaultstrap ${command.name()}\\b|## ${command.name()}\\b`).test(text) ? [] : [command.name()]),
    ...command.options.flatMap(({ long }) => (long && !text.includes(long) ? [`${command.name()} ${long}`] : [])),
  ]);
  expect(untold).toEqual([]);
});
