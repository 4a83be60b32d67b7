// What is mutated, and the tests that have to notice: few, so that a mutant costs little.
/** @type {Readonly<Record<string, { mutate: readonly string[], tests: readonly string[] }>>} */
export const GROUPS = {
  references: {
    mutate: ['settings/{params,reference,scan}'],
    tests: ['settings/{reference,scan}', 'property/reference'],
  },
  near: {
    mutate: ['settings/{may-refer,near-reference}', 'cli/support/quoted-reference'],
    tests: ['settings/{scan,near-reference}', 'cli/support/quoted-reference'],
  },
  selectors: { mutate: ['support/{identity-selector,vault-names,platform}'], tests: ['support/{small,config}'] },
  records: {
    mutate: ['settings/{names,provenance,platform-record}'],
    tests: ['settings/{names,provenance,platform-record}', 'property/records'],
  },
  templates: { mutate: ['settings/{template,mentions}'], tests: ['settings/template', 'property/template'] },
  plan: { mutate: ['settings/{plan,order}'], tests: ['settings/plan', 'rotation/compose'] },
  values: {
    mutate: ['rotation/{schedule,expiry,field,value}'],
    tests: ['rotation/{schedule,expiry,value}', 'property/values'],
  },
  rotation: {
    mutate: ['rotation/{groups,held,recompose,trouble,changes}'],
    tests: ['rotation/{groups,held,recompose,changes,trouble,files}'],
  },
  queue: { mutate: ['rotation/{queue,ledger}'], tests: ['rotation/{queue,ledger}'] },
  standing: { mutate: ['rotation/{standing,record}'], tests: ['rotation/{standing,rotator}'] },
  refresh: {
    mutate: ['rotation/{refresher,refreshes,listeners,complaints,name-check,ticker,fresh-secret}'],
    tests: ['rotation/{rotator,listeners,ticker,fresh-secret}', 'startup/engine'],
  },
  report: {
    mutate: ['report/{describe,report}', 'support/visible'],
    tests: ['report/{describe,report}', 'support/visible'],
  },
  vault: { mutate: ['vault/{failure,reply}'], tests: ['vault/{failure,reply}'] },
  hosts: { mutate: ['vault/{host,circuit}'], tests: ['vault/{host,circuit}'] },
  identity: {
    mutate: ['identity/{claims,expiry,failure,reply,whose,sdk-failure}'],
    tests: ['identity/{expiry,refused,whose,sdk-failure}'],
  },
  support: {
    mutate: ['support/{retry,near,nearest,moment,ncrontab}'],
    tests: ['support/{retry,near,nearest,moment,ncrontab}'],
  },
  wire: { mutate: ['support/{http-reply,limiter}'], tests: ['support/{http-reply,limiter}'] },
  compose: { mutate: ['rotation/compose'], tests: ['rotation/{compose,files}'] },
  source: { mutate: ['identity/{source,endpoint}'], tests: ['identity/source'] },
  events: { mutate: ['functions/{event,options,accept}'], tests: ['functions/{event,options,accept}'] },
  mask: { mutate: ['cli/run/{mask,concealed}'], tests: ['cli/run/{mask,concealed}'] },
  files: {
    mutate: ['cli/support/{dotenv,local-settings,merge,shell-word}'],
    tests: ['cli/support/{dotenv,local-settings,merge,shell-word}', 'cli/import/settings-file'],
  },
  starts: {
    mutate: ['startup/{starts,quick-look,require-settings,options-guard,listen}'],
    tests: ['startup/{engine,quick-look,require-settings,arguments}'],
  },
  app: {
    mutate: ['cli/lint/app/{scopes,bindings,entries}'],
    tests: ['cli/lint/{app,settings,entries}', 'cli/init/entry'],
  },
  insert: { mutate: ['cli/init/insert-line'], tests: ['cli/init/entry'] },
  emulate: { mutate: ['cli/emulate/placeholders'], tests: ['cli/emulate/placeholders'] },
  config: { mutate: ['support/{config,own-settings}'], tests: ['support/config'] },
};

/** The one that runs now; `scripts/mutation.mjs` names it. Otherwise all of them at once, which is slower. */
export function currentGroup() {
  const name = process.env['MUTATION_GROUP'] ?? 'all';
  const groups = Object.values(GROUPS);
  const all = { mutate: groups.flatMap(({ mutate }) => mutate), tests: groups.flatMap(({ tests }) => tests) };
  return { name, ...(GROUPS[name] ?? all) };
}
