import { BootstrapError, settingFailure } from '../support/errors.js';
import { fact } from '../support/failure.js';

/**
 * Older versions fail in a way that teaches nothing: npm only warns of `engines`, and hosts choose the Node they have.
 * `package.json` says the same.
 *
 * @throws BootstrapError `ERR_NODE_VERSION`
 */
export function checkNodeVersion(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return;
  const failure = fact(
    'OtherReasons',
    'ERR_NODE_VERSION',
    `Node ${version} is too old for vaultstrap.`,
    'Run the app on Node 22.13 or newer (in Azure: the stack settings of the app).',
  );
  throw new BootstrapError([settingFailure('process.version', failure)]);
}
