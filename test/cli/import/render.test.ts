import { expect, test } from 'vitest';
import { renderTable } from '../../../src/cli/import/render.js';

test('a row is a line, whatever a setting is called', () => {
  const row = { state: 'skipped', why: 'holds a reference already' } as const;
  const lines = renderTable([{ ...row, setting: 'A\n::error::x\u001b[2J' }]).split('\n');
  expect(lines.slice(1)).toEqual([expect.stringContaining('A\\u{a}::error::x\\u{1b}[2J  -'), '']);
});
