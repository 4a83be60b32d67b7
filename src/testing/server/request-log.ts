import type { RequestRecord } from '../types.js';

const MAX_RECORDS = 100_000;

export interface ServerLog {
  /** The record stays in the log and is completed as the request goes on. */
  open(record: RequestRecord): RequestRecord;
  read(): RequestRecord[];
  clear(): void;
}

export function createLog(): ServerLog {
  let records: RequestRecord[] = [];
  return {
    open: (record) => {
      // Cut rarely, by a tenth more than needed: shifting at every request is quadratic.
      if (records.length >= MAX_RECORDS * 1.1) records = records.slice(-MAX_RECORDS + 1);
      records.push(record);
      return record;
    },
    read: () => records.slice(-MAX_RECORDS),
    clear: () => {
      records = [];
    },
  };
}
