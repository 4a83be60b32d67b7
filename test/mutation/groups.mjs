// What is mutated, and the tests that have to notice: few, so that a mutant costs little.
/** @type {Readonly<Record<string, { mutate: readonly string[], tests: readonly string[] }>>} */
export const GROUPS = {
  references: {
    mutate: ['settings/{reference,scan}', 'support/{identity-selector,vault-names}'],
    tests: ['settings/{reference,scan}', 'support/{small,config}', 'property/reference'],
  },
  records: {
    mutate: ['settings/{names,provenance,platform-record}'],
    tests: ['settings/{names,provenance,platform-record}', 'property/records'],
  },
  templates: { mutate: ['settings/template'], tests: ['settings/template', 'property/template'] },
  values: {
    mutate: ['rotation/{schedule,expiry,field,value}'],
    tests: ['rotation/{schedule,expiry,value}', 'property/values'],
  },
  vault: { mutate: ['vault/{failure,reply}'], tests: ['vault/{failure,reply}'] },
  hosts: { mutate: ['vault/{host,circuit}'], tests: ['vault/{host,circuit}'] },
  identity: {
    mutate: ['identity/{expiry,reply}'],
    tests: ['identity/{expiry,reply}', 'property/replies'],
  },
  support: { mutate: ['support/{retry,near}'], tests: ['support/{retry,near}'] },
};

/** The one that runs now; `scripts/mutation.mjs` names it. Otherwise all of them at once, which is slower. */
export function currentGroup() {
  const name = process.env['MUTATION_GROUP'] ?? 'all';
  const groups = Object.values(GROUPS);
  const all = { mutate: groups.flatMap(({ mutate }) => mutate), tests: groups.flatMap(({ tests }) => tests) };
  return { name, ...(GROUPS[name] ?? all) };
}
