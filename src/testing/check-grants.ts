import { checkList, checkMembers, checkOneOf, checkSecretName, checkVaultName, wrong } from './check.js';
import type { GrantRule } from './protocol.js';
import type { SecretAction } from './types.js';

const SECRET_ACTIONS: readonly SecretAction[] = [
  'get',
  'list',
  'set',
  'delete',
  'recover',
  'purge',
  'backup',
  'restore',
];

function grantRule(name: string, given: unknown, allow: boolean): GrantRule {
  const { vault, secret, actions } = checkMembers(name, given, ['vault', 'secret', 'actions']);
  return {
    allow,
    vault: vault === '*' ? '*' : checkVaultName(`${name}.vault`, vault).toLowerCase(),
    secret: secret === undefined ? undefined : checkSecretName(`${name}.secret`, secret).toLowerCase(),
    actions:
      actions === undefined
        ? SECRET_ACTIONS
        : checkList(`${name}.actions`, actions).map((action, index) =>
            checkOneOf(`${name}.actions[${index}]`, action, SECRET_ACTIONS),
          ),
  };
}

/** `'all'`, one grant or several, as rules. */
export function checkGrants(name: string, given: unknown, allow = true): GrantRule[] {
  if (given === 'all') return [{ allow, vault: '*', secret: undefined, actions: SECRET_ACTIONS }];
  if (Array.isArray(given)) return given.map((grant, index) => grantRule(`${name}[${index}]`, grant, allow));
  if (typeof given !== 'object' || given === null) throw wrong(name, '"all" or grants', given);
  return [grantRule(name, given, allow)];
}
