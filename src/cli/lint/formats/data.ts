import { pathToFileURL } from 'node:url';
import { printJson } from '../../../support/json.js';
import type { Outcome } from '../lint-files.js';
import { RULES, type RuleId } from '../rules.js';

export function renderJson({ findings, files, references }: Outcome): string {
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
  const counts = { files, references, errors: count('error'), warnings: count('warning'), notes: count('info') };
  return printJson({ ...counts, findings });
}

/** SARIF 2.1.0, for code scanning. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function renderSarif({ findings }: Outcome, version: string, cwd: string): string {
  const ids = Object.keys(RULES) as RuleId[];
  const level = { error: 'error', warning: 'warning', info: 'note' } as const;
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'vaultstrap',
            version,
            rules: ids.map((id) => ({ id, shortDescription: { text: RULES[id] } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { uri: `${pathToFileURL(cwd).href.replace(/\/$/, '')}/` } },
        results: findings.map(({ rule, severity, file, line, column, endLine, endColumn, message, hint }) => ({
          ruleId: rule,
          ruleIndex: ids.indexOf(rule),
          level: level[severity],
          message: { text: `${message} ${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'ROOT' },
                region: { startLine: line, startColumn: column, endLine, endColumn },
              },
            },
          ],
        })),
      },
    ],
  };
  return printJson(log);
}
