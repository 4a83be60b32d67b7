export interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}
export const PERMISSIVE: readonly string[];
export function bundledPackages(inputs: Iterable<string>, base?: string): readonly Bundled[];
export function renderNotices(results: readonly { readonly metafile?: unknown }[]): string;
