import { visible } from '../../../support/visible.js';
import type { Finding } from '../finding.js';
import type { Outcome } from '../lint-files.js';
import { summary } from './text.js';

/**
 * Annotations of GitHub Actions. Properties also escape `:` and `,`: actions/toolkit, `packages/core/src/command.ts`.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function renderGithub(outcome: Outcome): string {
  const data = (text: string | number) =>
    visible(String(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A'));
  const property = (text: string | number) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const command = { error: 'error', warning: 'warning', info: 'notice' } as const;
  const lines = outcome.findings.map((one) => {
    const { file, line, column, endLine, endColumn } = one;
    // Columns count for one line only.
    const columns = line === endLine ? { col: column, endColumn } : { col: column };
    const properties = { file, line, endLine, ...columns, title: `vaultstrap ${one.rule}` };
    const printed = Object.entries(properties).map(([name, value]) => `${name}=${property(value)}`);
    return `::${command[one.severity]} ${printed.join(',')}::${data(sentence(one))}`;
  });
  return `${[...lines, summary(outcome)].join('\n')}\n`;
}

/**
 * Issues of Azure Pipelines, which knows two severities. `%` is `%AZP25`, and properties also escape `]` and `;`:
 * microsoft/azure-pipelines-task-lib, `node/taskcommand.ts`.
 * https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue-log-an-error-or-warning
 */
export function renderAzure(outcome: Outcome): string {
  const data = (text: string | number) =>
    visible(String(text).replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A'));
  const property = (text: string | number) => data(text).replaceAll(']', '%5D').replaceAll(';', '%3B');
  const lines = outcome.findings.map((one) => {
    // The agent looks for a command in the whole of a line, and a setting's name could hold one.
    if (one.severity === 'info')
      return data(`${one.file}:${one.line}:${one.column}: note: ${sentence(one)}`).replaceAll('##', '# #');
    const properties = {
      type: one.severity,
      sourcepath: one.file,
      linenumber: one.line,
      columnnumber: one.column,
      code: one.rule,
    };
    const printed = Object.entries(properties).map(([name, value]) => `${name}=${property(value)};`);
    return `##vso[task.logissue ${printed.join('')}]${data(sentence(one))}`;
  });
  return `${[...lines, summary(outcome)].join('\n')}\n`;
}

function sentence({ message, hint }: Finding): string {
  return `${message} ${hint}`;
}
