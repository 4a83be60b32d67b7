import { VaultstrapError } from './vaultstrap-error.js';

/** As `engines` of package.json has it. */
export const OLDEST_NODE = '22.13';
export const NEWER_NODE = `Run the app on Node ${OLDEST_NODE} or newer (in Azure: the stack settings of the app).`;

export function tooOld(version: string): string {
  return `Node ${version} is too old for vaultstrap.`;
}

/**
 * For what is loaded first: below 20.16 Node has no such function, and nothing of ours gets as far as the check of its
 * version (startup/node-version.ts).
 *
 * @throws VaultstrapError `ERR_NODE_VERSION`
 */
export const getBuiltinModule: typeof process.getBuiltinModule = process.getBuiltinModule ?? refuse();

function refuse(): never {
  throw new VaultstrapError('ERR_NODE_VERSION', tooOld(process.versions.node), NEWER_NODE);
}
