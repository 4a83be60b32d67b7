import type { Plugin } from 'esbuild';

export const root: string;
export function esbuildEmbeddedSources(): Plugin;
export function viteEmbeddedSources(): {
  name: string;
  enforce: 'pre';
  resolveId(id: string): string | undefined;
  load(id: string): Promise<string | undefined>;
};
export const embeddedInputs: ReadonlySet<string>;
