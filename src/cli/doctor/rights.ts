import { type IdentitySelector, printIdentity } from '../../support/identity-selector.js';
import { type Finding, good, unknown, warning } from './finding.js';

/** An identity and a vault, and whether the one may list the other's secrets. */
export interface ListRight {
  readonly host: string;
  readonly identity: IdentitySelector;
  readonly answer: 'yes' | 'no' | 'unknown';
}

/**
 * Who may list has a right to the whole vault: Key Vault Secrets User on it, too, lets one read every secret there.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security#key-vault-secrets-user
 */
export function examineRight({ host, identity, answer }: ListRight): Finding {
  const about = `${printIdentity(identity)} in ${host}`;
  const facts = { list: answer };
  if (answer === 'no') return good('rights', 'may not list secrets, as it should be', { about, facts });
  if (answer === 'unknown')
    return unknown('rights', 'whether it may list secrets could not be found out.', { about, facts });
  return warning(
    'rights',
    'may list the secrets: it has a right to the whole vault, and not only to what is read here.',
    'Any code beside this app can use it. Give "Key Vault Secrets User" on the single secrets, and take the wider role away; or give the app a vault of its own.',
    { about, facts },
  );
}
