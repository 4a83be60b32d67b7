// Once per run: the package as npm would install it, unpacked.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildIfStale, pack, unpack } from '../../../scripts/pack.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    packed: {
      /** Everything temporary of this run. */
      readonly folder: string;
      readonly tarball: string;
      /** The unpacked package. */
      readonly package: string;
      readonly files: readonly string[];
    };
  }
}

export function setup(project: TestProject): () => void {
  buildIfStale();
  const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-process-'));
  const unpacked = path.join(folder, 'package');
  mkdirSync(unpacked);
  const tarball = pack(folder);
  project.provide('packed', { folder, tarball, package: unpacked, files: unpack(tarball, unpacked) });
  return () => rmSync(folder, { recursive: true, force: true });
}
