import type { Environment } from './environment.js';
import { PLATFORM_RECORD } from './names.js';

/** One setting that App Service resolved before we started. */
export interface PlatformEntry {
  /** `@Microsoft.KeyVault(...)`, as it stood in the setting. */
  readonly rawReference: string;
  /** The platform's word, `Resolved` when it worked. */
  readonly status: string;
}

/**
 * `WEBSITE_KEYVAULT_REFERENCES`, in the shape that Kudu reads
 * (projectkudu/KuduLite, `KeyVaultReferenceHelper.cs`):
 * `{ "SETTING": { "rawReference": "@Microsoft.KeyVault(...)", "status": "Resolved" } }`.
 * Not documented: any other shape is `undefined`, and the caller warns once.
 */
export function readPlatformRecord(env: Environment): ReadonlyMap<string, PlatformEntry> | undefined {
  const text = env[PLATFORM_RECORD];
  if (!text) return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const entries = new Map<string, PlatformEntry>();
  for (const [name, entry] of Object.entries(parsed)) {
    const { rawReference, status } = (entry ?? {}) as Record<string, unknown>;
    if (typeof rawReference !== 'string' || typeof status !== 'string') return undefined;
    entries.set(name, { rawReference, status });
  }
  return entries;
}
