import { NEWER_NODE, tooOld } from '../support/builtin.js';
import { BootstrapError, settingFailure } from '../support/errors.js';
import { fact } from '../support/failure.js';

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 13);
}

/**
 * Older versions fail in a way that teaches nothing: npm only warns of `engines`, and hosts choose the Node they have.
 *
 * @throws BootstrapError `ERR_NODE_VERSION`
 */
export function checkNodeVersion(version = process.versions.node): void {
  if (!isTooOld(version)) return;
  const failure = fact('OtherReasons', 'ERR_NODE_VERSION', tooOld(version), NEWER_NODE);
  throw new BootstrapError([settingFailure('process.version', failure)]);
}
