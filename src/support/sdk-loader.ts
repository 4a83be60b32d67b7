import { VaultstrapError } from './errors.js';

/** What this library needs of the two SDK packages; they are optional, and typed by themselves. */
interface SdkModules {
  readonly '@azure/identity': typeof import('@azure/identity');
  readonly '@azure/keyvault-secrets': typeof import('@azure/keyvault-secrets');
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
 * Loads an SDK package, only now. The name is not a literal for bundlers: 46 MB of packages
 * that the platform never needs stay out of a bundled app.
 *
 * @throws VaultstrapError `ERR_SDK_NOT_FOUND` with the command to install it.
 */
export function loadSdk<N extends keyof SdkModules>(name: N, anchors: readonly string[]): SdkModules[N] {
  const { createRequire } = process.getBuiltinModule('node:module');
  for (const anchor of anchors) {
    let file: string;
    const require = createRequire(anchor);
    try {
      file = require.resolve(name);
    } catch {
      continue;
    }
    return require(file) as SdkModules[N];
  }
  throw new VaultstrapError(
    'ERR_SDK_NOT_FOUND',
    `${name} is needed here and is not installed.`,
    'Run: npm install @azure/identity @azure/keyvault-secrets (a bundled app keeps them as external packages).',
  );
}
