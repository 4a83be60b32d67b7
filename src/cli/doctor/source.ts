import { considerSources, detectSource, type IdentitySource } from '../../identity/source.js';
import type { Environment } from '../../settings/environment.js';
import type { Config } from '../../support/config.js';
import { printIdentity } from '../../support/identity-selector.js';
import { bad, type Finding, good } from './finding.js';

/** Where tokens come from here, and what was looked for before that. */
export function examineSource(env: Environment, config: Config): readonly Finding[] {
  const considered = considerSources(env);
  const source = detectSource(env);
  const passed = considered.filter(({ missing }) => missing !== undefined);
  const facts = { considered, ...(source.ok && { source: source.value.name, lane: source.value.lane }) };
  const identity = `${printIdentity(config.identity)}${FROM[config.identityFrom]}`;
  const more = passed.map(({ name, missing }) => `not ${name}: ${missing}`);
  return [
    source.ok
      ? good('identity', `${describe(source.value)}; default identity ${identity}`, {
          more,
          facts: { ...facts, identity: printIdentity(config.identity), identityFrom: config.identityFrom },
        })
      : bad('identity', `${considered.at(-1)?.name}: ${source.failure.details}`, source.failure.hint, { more, facts }),
  ];
}

const FROM: Readonly<Record<Config['identityFrom'], string>> = {
  option: '',
  VAULTSTRAP_IDENTITY: ' (VAULTSTRAP_IDENTITY)',
  AZURE_CLIENT_ID: ' (AZURE_CLIENT_ID)',
  default: '',
};

function describe(source: IdentitySource): string {
  if ('endpoint' in source) return `${source.name}, at ${source.endpoint.origin}`;
  return source.name === 'default-azure-credential'
    ? `${source.name}, by @azure/identity: a virtual machine's identity, or a developer's sign-in`
    : `${source.name}, by @azure/identity`;
}
