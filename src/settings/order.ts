import { groupBy } from '../support/group-by.js';
import { type Mentions, mentionsOf } from './mentions.js';
import { bareName } from './names.js';
import type { Origin } from './origin.js';
import type { Segment } from './scan.js';

/** A setting that may turn out to be a template, or to be none of ours. */
interface Draft {
  readonly setting: string;
  readonly names: readonly string[];
  readonly origin: Origin;
  readonly segments: readonly Segment[];
}

/** The drafts that are ours, in an order in which they can be put together. */
export interface Ordered<D extends Draft> {
  /** Templates stand behind the settings that they mention. */
  readonly ordered: readonly D[];
  /** Which settings of ours each template mentions. */
  readonly mentions: ReadonlyMap<string, readonly string[]>;
  /** Those that mention each other in a circle. */
  readonly circular: ReadonlySet<string>;
}

/** Finds the templates among the drafts, drops those that mention nothing of ours, and puts the rest in order. */
export function orderSettings<D extends Draft>(drafts: ReadonlyMap<string, D>): Ordered<D> {
  const mentioned = mentionsIn(drafts);
  const ours = closure(drafts, mentioned);
  const isOurs = (name: string) => ours.has(name);
  const mentions = new Map<string, readonly string[]>();
  for (const [setting, { braced, all }] of mentioned) {
    if (isOurs(setting) && braced.some(isOurs)) mentions.set(setting, all.filter(isOurs));
  }
  return { mentions, ...inOrder(ours, mentions) };
}

/** What each draft mentions, by the names of settings; of most, nothing. */
function mentionsIn(drafts: ReadonlyMap<string, Draft>): ReadonlyMap<string, Mentions> {
  // A twin may be mentioned too: `${APPSETTING_X}` means the setting X.
  function settingOf(name: string): string {
    const bare = bareName(name);
    return drafts.get(bare)?.names.includes(name) ? bare : name;
  }
  const known = (names: readonly string[]) => [...new Set(names.map(settingOf))];
  const mentions = new Map<string, Mentions>();
  drafts.forEach(({ segments }, setting) => {
    const { braced, all } = mentionsOf(segments);
    if (all.length > 0) mentions.set(setting, { braced: known(braced), all: known(all) });
  });
  return mentions;
}

/** The settings with references, and the templates that mention one, directly or through another template. */
function closure<D extends Draft>(
  drafts: ReadonlyMap<string, D>,
  mentions: ReadonlyMap<string, Mentions>,
): ReadonlyMap<string, D> {
  const pairs = [...mentions].flatMap(([setting, { braced }]) => braced.map((name) => ({ setting, name })));
  const mentionedBy = groupBy(pairs, ({ name }) => name);
  const ours = new Map<string, D>();
  drafts.forEach((draft, setting) => {
    if (draft.origin !== 'template') ours.set(setting, draft);
  });
  // A Map that grows while it is walked visits what was added.
  for (const name of ours.keys()) {
    mentionedBy.get(name)?.forEach(({ setting }) => {
      ours.set(setting, drafts.get(setting) as D);
    });
  }
  return ours;
}

/** Settings behind those that they mention, and which of them mention each other in a circle. */
function inOrder<D extends Draft>(
  drafts: ReadonlyMap<string, D>,
  mentions: ReadonlyMap<string, readonly string[]>,
): Pick<Ordered<D>, 'ordered' | 'circular'> {
  const circular = new Set<string>();
  if (mentions.size === 0) return { ordered: [...drafts.values()], circular };
  const ordered: D[] = [];
  // Depth first, without recursion: the length of a chain of templates is not ours to limit, the stack's depth is.
  // `leadsTo`: the place on the path that something behind this one mentions again, the foremost.
  const path: { readonly draft: D; next: number; leadsTo: number }[] = [];
  const placeOf = new Map<string, number | 'done'>();
  const open = (draft: D | undefined) => {
    if (!draft || placeOf.has(draft.setting)) return;
    placeOf.set(draft.setting, path.length);
    path.push({ draft, next: 0, leadsTo: Number.POSITIVE_INFINITY });
  };
  for (const first of drafts.values()) {
    open(first);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const { draft, leadsTo } = last;
      const name = mentions.get(draft.setting)?.[last.next++];
      if (name !== undefined) {
        const place = placeOf.get(name);
        if (typeof place === 'number') last.leadsTo = Math.min(leadsTo, place);
        else open(drafts.get(name));
        continue;
      }
      path.pop();
      placeOf.set(draft.setting, 'done');
      ordered.push(draft);
      if (leadsTo <= path.length) circular.add(draft.setting);
      const before = path.at(-1);
      if (before) before.leadsTo = Math.min(before.leadsTo, leadsTo);
    }
  }
  return { ordered, circular };
}
