import { expect, test } from 'vitest';
import { settingsPrinter } from '../../../src/cli/emulate/print-settings.js';

const value = "/Ann's \u2019; calc \u2018$(id)";

test.each([
  // https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
  ['powershell', "$env:A = '/Ann''s \u2019\u2019; calc \u2018\u2018$(id)'\n"],
  ['sh', "export A='/Ann'\\''s \u2019; calc \u2018$(id)'\n"],
  ['json', `${JSON.stringify({ A: value }, undefined, 2)}\n`],
])('%s: a folder of whatever name', (form, printed) => {
  expect(settingsPrinter(form)({ A: value })).toBe(printed);
});
