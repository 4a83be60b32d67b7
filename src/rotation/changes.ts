import type { SecretRead } from '../settings/plan.js';
import { type ComposedSetting, filesOf } from './compose.js';
import { isOlder } from './held.js';
import type { RotatedSetting } from './types.js';

/**
 * What differs between two compositions of one setting: a value, or a version behind it. Names and
 * versions only. `undefined` when nothing does.
 */
export function changeOf(
  before: ComposedSetting,
  after: ComposedSetting,
  reads: ReadonlyMap<string, SecretRead>,
): RotatedSetting | undefined {
  if (sameText(before, after) && sameFiles(before, after) && sameVersions(before, after)) return undefined;
  const { planned, secrets } = after;
  // A revoked setting is in the process no more, whatever it was made of.
  const [wasThere, isThere] = [before, after].map(({ outcome }) => outcome.kind !== 'unset');
  const complete = isThere && before.secrets.length === secrets.length && secrets.length === planned.reads.length;
  // Where a default stands for one of several, nothing tells which secret is whose.
  if (!complete && planned.reads.length > 1) return { setting: planned.setting };
  const changed = secrets.findIndex(({ version }, i) => version !== before.secrets[i]?.version);
  const index = Math.max(0, changed);
  const read = reads.get(planned.reads[index] ?? '');
  const [from, to] = [wasThere ? before.secrets[index] : undefined, isThere ? secrets[index] : undefined];
  const fromVersion = from?.version ?? (wasThere ? planned.currentVersion : undefined);
  return {
    setting: planned.setting,
    ...(read && { vault: read.vault, secret: read.secret }),
    ...(fromVersion && { fromVersion }),
    ...(to && { toVersion: to.version }),
    ...(from && to && from.version !== to.version && isOlder(to, from) && { regressed: true as const }),
  };
}

function sameText(before: ComposedSetting, after: ComposedSetting): boolean {
  return textOf(before) === textOf(after);
}

/** A file changes, and its path does not. */
function sameFiles(before: ComposedSetting, after: ComposedSetting): boolean {
  const known = filesOf([before]);
  const files = filesOf([after]);
  // Inherited: written by somebody else.
  if (before.outcome.kind === 'current') return true;
  return known.length === files.length && files.every(({ content }, i) => known[i]?.content.equals(content));
}

export function textOf({ outcome }: ComposedSetting): string | undefined {
  if (outcome.kind === 'value') return outcome.value.reveal();
  return outcome.kind === 'current' ? outcome.value : undefined;
}

/** An inherited or adopted value may come without versions: then only the text tells. */
function sameVersions(before: ComposedSetting, after: ComposedSetting): boolean {
  const known =
    before.secrets.length > 0
      ? before.secrets.map((s) => s.version)
      : before.planned.currentVersion
        ? [before.planned.currentVersion]
        : undefined;
  if (!known || known.length !== after.secrets.length) return true;
  return after.secrets.every(({ version }, index) => version === known[index]);
}
