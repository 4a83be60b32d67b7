import {
  type Checks,
  checkBoolean,
  checkEach,
  checkInteger,
  checkMs,
  checkOneOf,
  checkSecretName,
  checkText,
  checkVaultName,
  integer,
  isObject,
  wrong,
  wrongKind,
} from './check.js';
import type { FaultSettings } from './protocol.js';
import type { Fault } from './types.js';

const ANSWER = ['status', 'headers', 'body', 'drip', 'redirectTo'] as const;

/** Each of these decides the whole answer, a fault has at most one; and what would have no effect beside it. */
const ENDINGS = { reset: ANSWER, hang: ANSWER, truncate: [], hugeBytes: ['body', 'drip', 'redirectTo'] } as const;

const MEMBERS: Checks<FaultSettings> = {
  target: checkTarget,
  vault: (name, given) => checkVaultName(name, given).toLowerCase(),
  secret: (name, given) => checkSecretName(name, given).toLowerCase(),
  skip: integer(0, 1e9),
  times: integer(1, 1e9),
  delayMs: checkMs,
  status: integer(200, 599),
  headers: checkHeaders,
  body: checkBody,
  reset: checkBoolean,
  hang: checkBoolean,
  truncate: (name, given) => (typeof given === 'boolean' ? given : checkInteger(name, given, 0, 2 ** 31)),
  drip: checkDrip,
  redirectTo: (name, given) => checkText(name, given, /^[\x21-\x7e]+$/, 'an address'),
  hugeBytes: integer(1, 2 ** 31),
};

function checkTarget(name: string, given: unknown): Fault['target'] {
  if (given === undefined) throw wrong(name, '"identity" or "vault"', given);
  return checkOneOf(name, given, ['identity', 'vault']);
}

function checkHeaders(name: string, given: unknown): Record<string, string> {
  if (!isObject(given)) throw wrongKind(name, 'an object', given);
  for (const [header, text] of Object.entries(given)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) throw wrong(name, 'headers by name', header);
    if (typeof text !== 'string' || !/^[\t\x20-\x7e]*$/.test(text)) {
      throw wrongKind(`${name}.${header}`, 'printable ASCII text', text);
    }
  }
  return given as Record<string, string>;
}

function checkBody(name: string, given: unknown): string {
  if (typeof given === 'string') return given;
  try {
    const text = JSON.stringify(given);
    if (text !== undefined) return text;
  } catch {}
  throw wrongKind(name, 'text or something JSON can hold', given);
}

function checkDrip(name: string, given: unknown): NonNullable<Fault['drip']> {
  const checks = { everyMs: checkMs, bytes: integer(1, 2 ** 20) };
  return { bytes: 1, ...checkEach<NonNullable<Fault['drip']>>(name, given, checks, ['everyMs']) };
}

export function checkFault(given: unknown): FaultSettings {
  const fault = checkEach('fault', given, MEMBERS, ['target']);
  if (fault.target === 'identity' && (fault.vault ?? fault.secret) !== undefined) {
    throw new TypeError('"fault.vault" and "fault.secret" need the target "vault"');
  }
  const endings = (Object.keys(ENDINGS) as (keyof typeof ENDINGS)[]).filter(
    (key) => fault[key] !== undefined && fault[key] !== false,
  );
  if (endings.length > 1) throw new TypeError(`"fault" must have only one of ${endings.join(', ')}`);
  for (const ending of endings) {
    const idle = ENDINGS[ending].find((key) => fault[key] !== undefined);
    if (idle !== undefined) throw new TypeError(`"fault.${idle}" has no effect beside "${ending}"`);
  }
  return fault;
}
