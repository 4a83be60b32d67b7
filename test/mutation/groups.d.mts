export interface Group {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}
export const GROUPS: Readonly<Record<string, Group>>;
export function currentGroup(): Group & { readonly name: string };
