import { type Finding, finding } from '../finding.js';
import type { EnvFileCall } from './env-files.js';
import { type Load, type Loader, REGISTER_LINE } from './load-order.js';

/**
 * What loads a .env file when references in it have had their chance: they stay text. An error when there are such.
 *
 * @param envReferences how many stand in the app's .env files
 */
export function envFilesLate(loads: readonly Load[], envReferences: number): readonly Finding[] {
  const at = loads.findIndex(({ what }) => what === 'register' || what === 'start');
  // Who starts by hand may do so behind it.
  if (at < 0 || loads.some(({ what }) => what === 'api')) return [];
  const isPlain = ({ what, envFile }: Load) => what === 'env-file' && (envFile?.isPlain ?? true);
  // Variables that are there are left alone, so that a second look at the same file does nothing.
  const isThere = loads.slice(0, at).some(isPlain);
  return loads
    .slice(at)
    .filter((load) => load.what === 'env-file' && !(isThere && isPlain(load)))
    .map(({ source, span, specifier, envFile }) =>
      finding(
        source,
        span,
        // Nearly every app of NestJS has the call, whatever is in its file.
        ['env-file-late', envReferences > 0 ? 'error' : envFile?.isNest ? 'info' : 'warning'],
        `${specifier} loads .env after vaultstrap/register: a reference in that file stays text.`,
        envFile
          ? `Load .env above vaultstrap/register; among ES modules, whose imports run before any call, ${importFor(envFile)}.`
          : 'Put it above vaultstrap/register.',
      ),
    );
}

function importFor({ packageName, isPlain }: EnvFileCall): string {
  const isSame = packageName !== undefined && isPlain;
  return isSame ? `by import '${packageName}/config'` : 'by importing a file of its own that does this';
}

/** What loads before `register`, where the order can be told. Between `start` and it, packages are meant to load. */
export function notFirst(loads: readonly Load[], loader: Loader): readonly Finding[] {
  const at = loads.findIndex(({ what }) => what === 'register');
  const register = loads[at];
  if (!register) return [];
  const earlier = loads.slice(0, at);
  const started = earlier.findIndex(({ what }) => what === 'start');
  const remedy = earlier.some(({ what }) => what === 'env-file')
    ? 'Put what loads .env at the top of the file, vaultstrap/register directly below it, and the rest below both.'
    : `Make ${REGISTER_LINE} the first import; "vaultstrap/start" may stand before packages.`;
  const findings = earlier.flatMap(({ what, source, span, specifier }, index) => {
    const meant = what === 'package' && started >= 0 && started < index;
    if (meant || (what !== 'package' && what !== 'module')) return [];
    return [
      finding(
        source,
        span,
        ['register-not-first', what === 'module' ? 'error' : 'warning'],
        `${specifier} loads before vaultstrap/register: a setting that it reads while loading has no value yet.`,
        remedy,
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
