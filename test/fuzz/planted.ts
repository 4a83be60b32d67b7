// The same, with a mistake in it that only an uncommon text shows: the loop has to find it.
import assert from 'node:assert/strict';
import { scanValue } from '../../src/settings/scan.js';

export { BOUNDARY, TOKENS } from './reference.js';

export function check(value: string): void {
  const scan = scanValue(value);
  if (scan.kind !== 'segments') return;
  for (const segment of scan.segments) {
    assert.ok(typeof segment === 'string' || !segment.field?.startsWith('/') || !segment.encode, 'planted');
  }
}
