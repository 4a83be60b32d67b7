import { isObject, parseJson } from '../support/json.js';
import type { Environment } from './environment.js';
import { PLATFORM_RECORD } from './names.js';

/** One setting that App Service resolved before we started. */
export interface PlatformEntry {
  /** `@Microsoft.KeyVault(...)`, as it stood in the setting. */
  readonly rawReference: string;
  /** The platform's word, `Resolved` when it worked. */
  readonly status: string;
}

export interface PlatformRecord {
  readonly entries: ReadonlyMap<string, PlatformEntry>;
  /** False when something in it has a shape that we do not know. */
  readonly isWhole: boolean;
}

const NO_RECORD: PlatformRecord = { entries: new Map(), isWhole: true };

/**
 * `WEBSITE_KEYVAULT_REFERENCES`, in the shape that Kudu reads
 * (projectkudu/KuduLite, `KeyVaultReferenceHelper.cs`):
 * `{ "SETTING": { "rawReference": "@Microsoft.KeyVault(...)", "status": "Resolved" } }`.
 * Not documented: what has another shape is left out, and the caller warns once.
 */
export function readPlatformRecord(env: Environment): PlatformRecord {
  const text = env[PLATFORM_RECORD];
  if (!text) return NO_RECORD;
  const parsed = parseJson(text);
  if (!isObject(parsed)) return { ...NO_RECORD, isWhole: false };
  let isWhole = true;
  const entries = new Map<string, PlatformEntry>();
  for (const [name, entry] of Object.entries(parsed)) {
    const { rawReference, status } = (entry ?? {}) as Record<string, unknown>;
    if (typeof rawReference === 'string' && typeof status === 'string') entries.set(name, { rawReference, status });
    else isWhole = false;
  }
  return { entries, isWhole };
}
