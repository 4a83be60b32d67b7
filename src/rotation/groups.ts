import type { Plan } from '../settings/plan.js';

/** Reads that end in one setting, directly or through templates: they change together or not at all. */
export function groupsOf(plan: Plan): readonly (readonly string[])[] {
  const groupOf = new Map<string, string[]>();
  for (const key of plan.reads.keys()) groupOf.set(key, [key]);
  /** One of the reads behind a setting stands for all: they are in one group. */
  const readBehind = new Map<string, string>();
  function join(one: string, other: string): void {
    const [a = [], b = []] = [groupOf.get(one), groupOf.get(other)];
    if (a === b) return;
    const [small, large] = a.length < b.length ? [a, b] : [b, a];
    for (const key of small) {
      large.push(key);
      groupOf.set(key, large);
    }
  }
  // Templates stand behind their members, so that these are known by now.
  for (const { setting, reads, mentions } of plan.settings) {
    for (const key of [...reads, ...mentions.flatMap((name) => readBehind.get(name) ?? [])]) {
      const known = readBehind.get(setting);
      if (known === undefined) readBehind.set(setting, key);
      else join(known, key);
    }
  }
  return [...new Set(groupOf.values())];
}

/** The groups of what the named settings are made of. */
export function groupsBehind(plan: Plan, settings: ReadonlySet<string>): readonly (readonly string[])[] {
  const keys = new Set<string>();
  const wanted = new Set(settings);
  // Templates stand behind their members: walked backwards, a template's members are wanted before their turn.
  for (const { setting, names, reads, mentions } of plan.settings.toReversed()) {
    if (!wanted.has(setting) && !names.some((name) => wanted.has(name))) continue;
    for (const key of reads) keys.add(key);
    for (const name of mentions) wanted.add(name);
  }
  return groupsOf(plan).filter((group) => group.some((key) => keys.has(key)));
}
