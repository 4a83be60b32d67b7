import { type Finding, finding } from '../finding.js';
import { type Load, type Loader, REGISTER_LINE } from './load-order.js';

/** What loads before `register`, where the order can be told. Between `start` and it, packages are meant to load. */
export function notFirst(loads: readonly Load[], loader: Loader): readonly Finding[] {
  const at = loads.findIndex(({ what }) => what === 'register');
  const register = loads[at];
  if (!register) return [];
  const earlier = loads.slice(0, at);
  const started = earlier.findIndex(({ what }) => what === 'start');
  const findings = earlier.flatMap(({ what, source, span, specifier }, index) => {
    const meant = what === 'package' && started >= 0 && started < index;
    if (meant || (what !== 'package' && what !== 'module')) return [];
    return [
      finding(
        source,
        span,
        ['register-not-first', what === 'module' ? 'error' : 'warning'],
        `${specifier} loads before vaultstrap/register: a setting that it reads while loading has no value yet.`,
        `Make ${REGISTER_LINE} the first import; "vaultstrap/start" may stand before packages.`,
      ),
    ];
  });
  const module = loader.open(register.source.path);
  const read = module && !module.isEsm ? module.readsEnvAt : undefined;
  if (read === undefined || read > register.span.start) return findings;
  const span = { start: read, end: read + 'process.env'.length };
  const message = 'process.env is read before vaultstrap/register: a setting that holds a reference has no value yet.';
  return [
    ...findings,
    finding(register.source, span, ['register-not-first', 'error'], message, "Require 'vaultstrap/register' first."),
  ];
}
