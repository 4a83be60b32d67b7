import { hasVariable, liveEnvironment, variableNames } from '../settings/environment.js';
import { isProvenance, PROVENANCE, PROVENANCE_AT } from '../settings/names.js';
import { laterTime, type ProvenanceInput, printProvenance } from '../settings/provenance.js';
import { writeVariables } from './apply.js';

/** The variables that tell children, threads and restarts which values are resolved, since when and from what. */
export interface EnvironmentRecord {
  isThere(): boolean;
  write(entries: readonly ProvenanceInput[]): void;
  remove(): void;
}

export function createRecord(): EnvironmentRecord {
  /** The latest, and what it was made of. */
  let printed: { entries: readonly ProvenanceInput[]; record: ReadonlyMap<string, string> } | undefined;
  return {
    isThere: () => hasVariable(PROVENANCE),
    write(entries) {
      const laterAt = printed && isInPlace(printed.record) && laterTime(printed.entries, entries);
      if (laterAt) {
        writeVariables(new Map([[PROVENANCE_AT, laterAt]]));
        return;
      }
      const record = printProvenance(entries);
      printed = { entries, record };
      const stale = variablesInPlace().filter((name) => !record.has(name));
      writeVariables(new Map([...stale.map((name) => [name, undefined] as const), ...record]));
    },
    remove() {
      printed = undefined;
      writeVariables(new Map(variablesInPlace().map((name) => [name, undefined])));
    },
  };
}

function isInPlace(record: ReadonlyMap<string, string>): boolean {
  const env = liveEnvironment();
  return [...record].every(([name, text]) => env[name] === text);
}

function variablesInPlace(): string[] {
  return variableNames(liveEnvironment()).filter(isProvenance);
}
