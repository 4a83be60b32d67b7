// Annotations are read by machines: what is not escaped ends a command, or begins another.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/cli/lint/finding.js';
import { renderAzure, renderGithub } from '../../../src/cli/lint/formats/annotations.js';
import { renderJson, renderSarif } from '../../../src/cli/lint/formats/data.js';
import { renderText, summary } from '../../../src/cli/lint/formats/text.js';
import { RULES } from '../../../src/cli/lint/rules.js';
import { visible } from '../../../src/support/visible.js';

const finding: Finding = {
  rule: 'reference-syntax',
  severity: 'error',
  file: 'in fra/a,b:c;]%.bicep',
  line: 3,
  column: 5,
  endLine: 3,
  endColumn: 9,
  message: '100 %\r\n::error::x',
  hint: 'Mend; it].',
};
const outcome = { findings: [finding], files: 1, references: 2 };

test('GitHub Actions', () => {
  expect(renderGithub(outcome)).toBe(
    '::error file=in fra/a%2Cb%3Ac;]%25.bicep,line=3,endLine=3,col=5,endColumn=9,title=vaultstrap reference-syntax::100 %25%0D%0A::error::x Mend; it].\n1 file, 2 references, 1 error.\n',
  );
  expect(renderGithub({ ...outcome, findings: [{ ...finding, severity: 'info', endLine: 4 }] })).toMatch(
    /^::notice file=[^,]*,line=3,endLine=4,col=5,title=/,
  );
});

test('Azure Pipelines', () => {
  expect(renderAzure(outcome)).toBe(
    '##vso[task.logissue type=error;sourcepath=in fra/a,b:c%3B%5D%AZP25.bicep;linenumber=3;columnnumber=5;code=reference-syntax;]100 %AZP25%0D%0A::error::x Mend; it].\n1 file, 2 references, 1 error.\n',
  );
  // There is no note: it would fail, or count as a warning.
  expect(renderAzure({ ...outcome, findings: [{ ...finding, severity: 'info' }] })).not.toContain('##vso');
});

test('a name steers neither the log of a pipeline nor its agent', () => {
  const hostile = { ...finding, file: 'a\u001b[2J', message: '##vso[task.prependpath]./evil\u202e' };
  for (const severity of ['error', 'warning', 'info'] as const) {
    const told = { ...outcome, findings: [{ ...hostile, severity }] };
    const lines = [renderGithub(told), renderAzure(told)].join('').split('\n');
    expect(lines).toEqual(lines.map(visible));
    // The agent takes the first of a line.
    expect(renderAzure(told)).toMatch(severity === 'info' ? /^(?!.*##vso)/ : /^##vso\[task\.logissue /);
  }
});

test('SARIF: every rule is described, every result leads to one', () => {
  const { runs, version } = JSON.parse(renderSarif(outcome, '1.2.3', '/work dir'));
  expect(version).toBe('2.1.0');
  const [{ tool, results, originalUriBaseIds }] = runs;
  expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(Object.keys(RULES));
  expect(originalUriBaseIds.ROOT.uri).toMatch(/^file:\/\/\/.*\/$/);
  const [{ ruleId, ruleIndex, level, locations }] = results;
  expect([tool.driver.rules[ruleIndex].id, level]).toEqual([ruleId, 'error']);
  const { artifactLocation, region } = locations[0].physicalLocation;
  expect(decodeURIComponent(artifactLocation.uri)).toBe(finding.file);
  expect(artifactLocation.uri).toMatch(/^[^ ]*$/);
  expect(region).toEqual({ startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 });
});

test('text: several in a row with one remedy have it once', () => {
  const at = (line: number, hint: string) => ({ ...finding, file: '.env', line, hint });
  const findings = [at(1, 'Move it.'), at(2, 'Move it.'), at(3, 'Mend it.'), at(4, 'Move it.')];
  const lines = renderText({ ...outcome, findings }, process.stdout).split('\n');
  expect(lines.map((line) => line.trim().split(':')[0])).toEqual([
    '.env',
    '1',
    '2',
    'Move it.',
    '3',
    'Mend it.',
    '4',
    'Move it.',
    '',
    '1 file, 2 references, 4 errors.',
    '',
  ]);
});

test('JSON', () => {
  expect(JSON.parse(renderJson(outcome))).toEqual({
    files: 1,
    references: 2,
    errors: 1,
    warnings: 0,
    notes: 0,
    findings: [finding],
  });
});

describe('text', () => {
  test('what would steer a terminal is not printed', () => {
    const steering = { ...finding, file: 'a\u001b]0;x\u0007', message: 'b\u202ec\rd\n', hint: 'e\u2028' };
    const lines = renderText({ ...outcome, findings: [steering] }, process.stdout).split('\n');
    expect(lines.map((line) => stripVTControlCharacters(line).trim())).toEqual([
      String.raw`a\u{1b}]0;x\u{7}`,
      String.raw`3:5  error  b\u{202e}c\u{d}d\u{a}  reference-syntax`,
      String.raw`e\u{2028}`,
      '',
      '1 file, 2 references, 1 error.',
      '',
    ]);
  });

  test('the summary', () => {
    expect(summary({ findings: [], files: 3, references: 12 })).toBe('3 files, 12 references, no findings.');
    expect(summary({ findings: [], files: 0, references: 0 })).toMatch(/^Nothing to look at/);
    const both = [finding, { ...finding, severity: 'warning' as const }, { ...finding, severity: 'info' as const }];
    expect(summary({ findings: both, files: 1, references: 1 })).toBe(
      '1 file, 1 reference, 1 error, 1 warning, 1 note.',
    );
  });
});
