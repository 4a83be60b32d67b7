import { type Failure, fact } from './failure.js';
import { VaultstrapError } from './vaultstrap-error.js';

/** What this library needs of the SDK's packages; they are optional, and typed by themselves. */
interface SdkModules {
  readonly '@azure/identity': typeof import('@azure/identity');
  readonly '@azure/keyvault-secrets': typeof import('@azure/keyvault-secrets');
  readonly '@azure/core-rest-pipeline': Pick<typeof import('@azure/core-rest-pipeline'), 'createDefaultHttpClient'>;
}

/**
 * Where the SDK may be installed: beside this file, beside the program, in the working
 * directory. A thread started from text has no place of its own and is told these.
 */
export function sdkAnchors(): readonly string[] {
  const path = process.getBuiltinModule('node:path');
  const folder = workingDirectory();
  const here = typeof __filename === 'string' && path.isAbsolute(__filename) ? [__filename] : [];
  const program = process.argv[1] ? [process.argv[1]] : [];
  return [...here, ...program, ...(folder ? [path.join(folder, 'index.js')] : [])];
}

/** `undefined` when it has been removed under us. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/**
 * Where an SDK package is installed. The name is not a literal for bundlers: 46 MB of packages that the
 * platform never needs stay out of a bundled app.
 *
 * @throws VaultstrapError `ERR_SDK_NOT_FOUND` with the command to install it.
 */
export function findSdk(name: keyof SdkModules, anchors: readonly string[]): string {
  const { createRequire } = process.getBuiltinModule('node:module');
  for (const anchor of anchors) {
    try {
      return createRequire(anchor).resolve(name);
    } catch {}
  }
  throw new VaultstrapError('ERR_SDK_NOT_FOUND', `${name} is needed here and is not installed.`, INSTALL_SDK);
}

const INSTALL_SDK =
  'Run: npm install @azure/identity @azure/keyvault-secrets (a bundled app keeps them as external packages).';

/** `what` needs the SDK, and it is not there. */
export function sdkMissing(what: string): Failure {
  return fact('OtherReasons', 'ERR_SDK_NOT_FOUND', `${what}, which is not installed.`, INSTALL_SDK);
}

export function isNotInstalled(error: unknown): boolean {
  return error instanceof VaultstrapError && error.code === 'ERR_SDK_NOT_FOUND';
}

/**
 * Loads an SDK package, only now.
 *
 * @throws as `findSdk` does.
 */
export function loadSdk<N extends keyof SdkModules>(name: N, anchors: readonly string[]): SdkModules[N] {
  const { createRequire } = process.getBuiltinModule('node:module');
  const file = findSdk(name, anchors);
  return createRequire(file)(file) as SdkModules[N];
}
