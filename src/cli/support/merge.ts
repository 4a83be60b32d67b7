import type { Environment } from '../../settings/environment.js';
import { bareName, IDENTITY_ENDPOINT_SETTINGS, isProtected, isRecord } from '../../settings/names.js';
import { MARKER } from '../../settings/scan.js';

/** What one file says. */
export interface Layer {
  readonly file: string;
  readonly values: ReadonlyMap<string, string>;
  /** Whether it also gives a value to a variable that exists and is empty, as Core Tools does. */
  readonly fillsEmpty: boolean;
}

export interface Merged {
  /** For this process, and so for the command, too. */
  readonly forAll: ReadonlyMap<string, string>;
  /** For the command only: they steer where tokens come from and where they go, and a file must not. */
  readonly forCommand: ReadonlyMap<string, string>;
  /** For nobody: where tokens go, records of what is resolved, and pieces of another identity endpoint than the environment's. */
  readonly forNobody: readonly string[];
  /** For nobody, because they hold references and are no settings in which one is resolved. */
  readonly withReference: readonly string[];
  /** How many settings each file gives. */
  readonly given: ReadonlyMap<Layer, number>;
}

/** Where our requests go, beyond Azure's vaults. */
const REDIRECTS = new Set(['VAULTSTRAP_VAULT_ENDPOINT', 'VAULTSTRAP_VAULT_CA', 'VAULTSTRAP_ALLOWED_HOSTS']);

/** By these we know the platform and the Functions worker, in which a start has other limits. */
const PLACES = /^(FUNCTIONS_WORKER_RUNTIME|AZURE_FUNCTIONS_ENVIRONMENT|CONTAINER_APP_.*|AZUREML_.*)$/;

/**
 * Settings of files below those of the environment; an earlier layer wins. Core Tools, too, resolves references
 * before it sets what the same file says of an identity.
 */
export function mergeLayers(env: Environment, layers: readonly Layer[], platform: NodeJS.Platform): Merged {
  // Windows knows one variable of a name, however it is written.
  const fold = (name: string) => (platform === 'win32' ? name.toUpperCase() : name);
  const taken = new Map(Object.entries(env).map(([name, value]) => [fold(name), value]));
  const upperOf = (name: string) => bareName(name.toUpperCase());
  const namesEndpoint = (name: string) => IDENTITY_ENDPOINT_SETTINGS.includes(upperOf(name));
  const hasEndpoint = Object.entries(env).some(([name, value]) => namesEndpoint(name) && value);
  const forAll = new Map<string, string>();
  const forCommand = new Map<string, string>();
  const forNobody: string[] = [];
  const withReference: string[] = [];
  const given = new Map<Layer, number>();
  const decided = new Set<string>();
  for (const layer of layers) {
    const counting: (readonly [into: Map<string, string>, name: string, value: string])[] = [];
    // Backwards: of two spellings of one name the later counts.
    for (const [name, value] of [...layer.values].reverse()) {
      const key = fold(name);
      const current = taken.get(key);
      if (decided.has(key) || (current !== undefined && !(current === '' && layer.fillsEmpty))) continue;
      decided.add(key);
      const upper = upperOf(name);
      const isOurs = upper.startsWith('VAULTSTRAP_') && !REDIRECTS.has(upper);
      const steers = (isProtected(name) && !isOurs) || PLACES.test(upper);
      if (REDIRECTS.has(upper) || isRecord(upper) || (hasEndpoint && namesEndpoint(name))) {
        forNobody.push(name);
      } else if (steers && MARKER.test(value)) {
        withReference.push(name);
      } else {
        counting.push([steers ? forCommand : forAll, name, value]);
      }
    }
    // In the order of the file again, as people expect them.
    for (const [into, name, value] of counting.reverse()) into.set(name, value);
    given.set(layer, counting.length);
  }
  return { forAll, forCommand, forNobody, withReference, given };
}

/** Those of which a user would expect that they count here. */
export function isWorthAWord(name: string): boolean {
  return !/^(APPSETTING_)?WEBSITE_/i.test(name) && !PLACES.test(name.toUpperCase());
}
