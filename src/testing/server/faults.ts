// Misbehaviour on order: which fault a request gets. How it is carried out is
// in deliver.ts.
import type { FaultSettings } from '../protocol.js';
import type { ActiveFault, RequestRecord } from '../types.js';

export interface FaultStore {
  add(fault: FaultSettings): number;
  /** 0 for one that is not there. */
  hits(id: number): number;
  remove(id: number): void;
  /** In the order of adding. */
  list(): ActiveFault[];
  clear(): void;
  /** The fault for this request, counted as applied. */
  take(about: Partial<RequestRecord> & Pick<RequestRecord, 'target'>): FaultSettings | undefined;
}

interface Entry {
  readonly fault: FaultSettings;
  seen: number;
  hits: number;
}

export function createFaultStore(): FaultStore {
  const entries = new Map<number, Entry>();
  let lastId = 0;
  return {
    add: (fault) => {
      entries.set(++lastId, { fault, seen: 0, hits: 0 });
      return lastId;
    },
    hits: (id) => entries.get(id)?.hits ?? 0,
    remove: (id) => {
      entries.delete(id);
    },
    list: () => [...entries].map(([id, { fault, hits }]) => ({ id, fault, hits })),
    clear: () => entries.clear(),
    take: (about) => {
      for (const entry of entries.values()) {
        const { fault } = entry;
        const matches =
          fault.target === about.target &&
          (fault.vault === undefined || fault.vault === about.vault?.toLowerCase()) &&
          (fault.secret === undefined || fault.secret === about.secret?.toLowerCase());
        if (!matches || entry.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
        entry.seen += 1;
        if (entry.seen <= (fault.skip ?? 0)) continue;
        entry.hits += 1;
        return fault;
      }
      return undefined;
    },
  };
}
