// What the platform handed over, before vaultstrap has looked: kinds, never values.
import { readFileSync } from 'node:fs';

const NAMES = ['SMOKE_OURS', 'SMOKE_COMPOSED', 'SMOKE_PLATFORM'];

/** @param {string | undefined} value */
function kindOf(value) {
  if (value === undefined) return 'absent';
  if (/@Microsoft\.KeyVault\(/i.test(value)) return 'platform-reference';
  if (/@KeyVault\(/i.test(value)) return 'reference';
  return value.includes('${') ? 'template' : 'value';
}

/** @param {Record<string, string | undefined>} env */
export const kindsOf = (env) => Object.fromEntries(NAMES.map((name) => [name, kindOf(env[name])]));

/** In a Function App this module loads before vaultstrap/register. */
export const asLoaded = kindsOf(process.env);

/** What the process was given, on Linux: a preload has changed process.env already. */
export function asGiven() {
  const lines = readFileSync('/proc/self/environ', 'utf8').split('\0');
  return kindsOf(Object.fromEntries(lines.map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)])));
}
