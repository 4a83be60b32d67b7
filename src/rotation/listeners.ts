import { safeCause } from '../support/failure.js';
import type { Log } from '../support/log.js';
import type { RotatedSetting, Rotation, RotationListener } from './types.js';

export interface Listeners {
  /** Returns the function that removes it again. */
  add(listener: RotationListener, setting?: string): () => void;
  /** Returns at once; runs of one listener follow each other, and what comes meanwhile is put together. */
  publish(rotation: Rotation): void;
  /** Those that somebody listens to by name. */
  settings(): readonly string[];
  clear(): void;
}

export function createListeners(log: () => Log): Listeners {
  interface Entry {
    readonly listener: RotationListener;
    readonly setting: string | undefined;
    waiting: Rotation | undefined;
    running: boolean;
  }
  const entries = new Set<Entry>();

  async function run(entry: Entry): Promise<void> {
    entry.running = true;
    // Not in the caller's turn: neither refresh() nor an invocation waits for a listener.
    await Promise.resolve();
    while (entry.waiting && entries.has(entry)) {
      const rotation = entry.waiting;
      entry.waiting = undefined;
      try {
        await entry.listener(rotation);
      } catch (error) {
        // Its text may hold a value: name and code only.
        const { name, code } = safeCause(error);
        log().error(`a listener of onRotated failed (${[name, code].filter(Boolean).join(' ')}).`);
      }
    }
    entry.running = false;
  }

  return {
    add(listener, setting) {
      const entry: Entry = { listener, setting, waiting: undefined, running: false };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    publish({ generation, changed }) {
      for (const entry of entries) {
        const theirs = changed.filter(({ setting }) => entry.setting === undefined || entry.setting === setting);
        if (theirs.length === 0) continue;
        entry.waiting = { generation, changed: coalesce(entry.waiting?.changed ?? [], theirs) };
        if (!entry.running) void run(entry);
      }
    },
    settings: () => [...entries].flatMap(({ setting }) => setting ?? []),
    clear: () => entries.clear(),
  };
}

/** Two changes of one setting are one: from the first version to the last. */
function coalesce(earlier: readonly RotatedSetting[], later: readonly RotatedSetting[]): readonly RotatedSetting[] {
  const bySetting = new Map(earlier.map((change) => [change.setting, change]));
  for (const change of later) {
    const before = bySetting.get(change.setting);
    bySetting.set(change.setting, before?.fromVersion ? { ...change, fromVersion: before.fromVersion } : change);
  }
  return [...bySetting.values()];
}
