// Whatever stands in a file: lint reads it to its end, points into it, and never says a value.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readModule } from '../../src/cli/lint/app/module.js';
import type { Kind } from '../../src/cli/lint/files.js';
import { finding } from '../../src/cli/lint/finding.js';
import { renderAzure, renderGithub } from '../../src/cli/lint/formats/annotations.js';
import { renderJson, renderSarif } from '../../src/cli/lint/formats/data.js';
import { renderText } from '../../src/cli/lint/formats/text.js';
import { lintFiles } from '../../src/cli/lint/lint-files.js';
import { anyCharacter } from '../helpers/any-text.js';
import { growth } from '../helpers/growth.js';

const CANARY = 'c4n4ry7SecretValue';
const NAMES: Record<Exclude<Kind, 'code'>, string> = {
  local: 'local.settings.json',
  env: '.env',
  bicep: 'main.bicep',
  terraform: 'main.tf',
  template: 'azuredeploy.json',
  manifest: 'package.json',
};
const kinds = fc.constantFrom(...(Object.keys(NAMES) as (keyof typeof NAMES)[]));

/** Pieces that each reader looks for, in any order. */
const noise = fc
  .array(
    fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom(
        '@KeyVault(',
        '@Microsoft.KeyVault(VaultName=shop;',
        'SecretName=x)',
        'akvs://',
        `\${`,
        '}',
        "'''",
        "'",
        '"',
        '\\',
        '\\u{',
        '{',
        '[',
        ':',
        '=',
        ',',
        '\n',
        '"Values": {',
        '"name": "A", "value": "',
        'VAULTSTRAP_',
        '/*',
        '//',
        '#',
        '<<EOT\n',
        'AzureWebJobsStorage',
        '%X%',
        '\uFEFF',
        `$\${`,
      ),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

async function everything(kind: keyof typeof NAMES, text: string): Promise<string> {
  const file = NAMES[kind];
  const outcome = await lintFiles([{ kind, source: { file, path: `/nowhere/${file}`, text } }], '/nowhere');
  const lines = text.split('\n');
  for (const { line, column, endLine, endColumn } of outcome.findings) {
    expect(line >= 1 && endLine >= line && endLine <= lines.length).toBe(true);
    expect(column >= 1 && column <= (lines[line - 1] ?? '').length + 1).toBe(true);
    expect(endColumn >= 1 && endColumn <= (lines[endLine - 1] ?? '').length + 1).toBe(true);
  }
  return [
    renderText(outcome, process.stdout),
    renderGithub(outcome),
    renderAzure(outcome),
    renderJson(outcome),
    renderSarif(outcome, '1', '/nowhere'),
  ].join('\n');
}

test('it never throws, and never points beside the file', async () => {
  await fc.assert(
    fc.asyncProperty(kinds, noise, async (kind, text) => {
      await everything(kind, text);
    }),
    {
      numRuns: 600,
    },
  );
});

test('the places of many findings: as much work as there are lines', () => {
  const pointAtLines = (lines: number) => {
    const source = { file: '.env', path: '/nowhere/.env', text: 'A=@KeyVault(oops)\n'.repeat(lines) };
    for (let at = 0; at < lines; at++) {
      const { line } = finding(source, { start: at * 18, end: at * 18 + 17 }, ['reference-syntax', 'error'], '', '');
      if (line !== at + 1) throw new Error(`line ${line}`);
    }
  };
  expect(growth(pointAtLines, 500)).toBeLessThan(4);
});

test('options of many bindings out of one constant: as much work as there is code', () => {
  const spread = (length: number) => {
    const members = Array.from({ length }, (_, at) => `m${at}: 1`).join();
    const text = `const all = { ${members} };\n${'app.timer({ ...all });\n'.repeat(length)}`;
    readModule({ file: 'a.js', path: '/nowhere/a.js', text });
  };
  expect(growth(spread, 500)).toBeLessThan(4);
});

const code = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        'import ',
        "'vaultstrap/register'",
        "require('./x')",
        'export * from ',
        "app.timer('t', { schedule: '%X%' })",
        'process.env.X',
        'function f() {',
        '}',
        '(',
        '@x class {',
        '<T>',
        '`${',
        '//',
        '\n',
        ';',
        '#!',
      ),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(' '));

test('code that is none stops nothing', () => {
  fc.assert(
    fc.property(code, fc.constantFrom('a.ts', 'a.js', 'a.mts', 'a.cjs', 'a.tsx'), (text, file) => {
      const module = readModule({ file, path: `/nowhere/${file}`, text });
      for (const { span } of module.imports) expect(span.start < span.end && span.end <= text.length).toBe(true);
    }),
    { numRuns: 400 },
  );
});

const around = fc.constantFrom(
  (v: string) => v,
  (v: string) => `AccountName=shop;AccountKey=${v}==;`,
  (v: string) => `postgres://app:${v}@db.contoso.com/x`,
  (v: string) => `@KeyVault(VaultName=shop;SecretName=a;${v}=b)`,
  (v: string) => `@KeyVault(VaultName=${v}_;SecretName=a)`,
  (v: string) => `@KeyVault(SecretUri=https://${v}/x)`,
  (v: string) => `@KeyVault(VaultName=shop;SecretName=a;Default=${v};${v})`,
  (v: string) => `@KeyVault(VaultName=shop;SecretName=a)${v}\${A}`,
  (v: string) => `akvs://${v}`,
  (v: string) => `https://shop.blob.core.windows.net/?sig=${v}${v}`,
  (v: string) => `--import vaultstrap/preload ${v}`,
);
const names = fc.constantFrom(
  'A',
  'DB',
  'AzureWebJobsStorage',
  'NODE_OPTIONS',
  'AZURE_CLIENT_ID',
  'VAULTSTRAP_LOG',
  'VAULTSTRAP_SCHEDULE',
  'VAULTSTRAP_BOGUS',
);

/** A file of each kind that holds one setting. */
const WRITE: Record<Exclude<keyof typeof NAMES, 'manifest'>, (name: string, value: string) => string> = {
  local: (name, value) => JSON.stringify({ Values: { [name]: value } }),
  env: (name, value) => `${name}="${value}"\n`,
  bicep: (name, value) => `var x = { ${name}: '${value.replaceAll('${', '\\${')}' }\n`,
  terraform: (name, value) => `x = { ${name} = "${value.replaceAll('${', '$${')}" }\n`,
  template: (name, value) => JSON.stringify({ appSettings: [{ name, value }] }),
};

test('no value is ever said', async () => {
  let said = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(WRITE) as (keyof typeof WRITE)[])),
      names,
      around,
      async (kind, name, wrap) => {
        const output = await everything(kind, WRITE[kind](name, wrap(CANARY)));
        if (output.includes('"findings": []')) return;
        said++;
        expect(output).not.toContain(CANARY);
      },
    ),
    { numRuns: 600 },
  );
  // The property would be empty if nothing were ever found.
  expect(said).toBeGreaterThan(100);
});
