import type { SecretRead } from '../../settings/plan.js';
import type { Principal } from './token.js';

/** The least right that reads this secret, filled in as far as it is known. Names and ids of Azure need no quotes. */
export function grantCommand({ vault, secret }: SecretRead, principal: Principal | undefined): string {
  const { objectId = 'OBJECT_ID', type = 'ServicePrincipal' } = principal ?? {};
  return (
    `az role assignment create --assignee-object-id ${objectId} --assignee-principal-type ${type} ` +
    `--role "Key Vault Secrets User" --scope "$(az keyvault show --name ${vault} --query id --output tsv)/secrets/${secret}" ` +
    '(it can take minutes to work)'
  );
}

/** The same in a vault that has access policies: they know no single secrets. */
export function policyCommand({ vault }: SecretRead, principal: Principal | undefined): string {
  return (
    `az keyvault set-policy --name ${vault} --object-id ${principal?.objectId ?? 'OBJECT_ID'} --secret-permissions get ` +
    '(roles have no effect on a vault with access policies)'
  );
}
