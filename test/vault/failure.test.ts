// What each answer of a vault means, as one table: status, code, whether to ask again, and words that help.
import { describe, expect, test } from 'vitest';
import { type VaultRefusal, vaultFailure } from '../../src/vault/failure.js';
import { CLIENT_ID } from '../identity/harness.js';
import { readOf } from './harness.js';

const TENANT = '33333333-3333-4333-8333-333333333333';
const VERSION = 'a'.repeat(32);
const READ = readOf('pw');
const of = (refusal: Partial<VaultRefusal>, read = READ) =>
  vaultFailure(read, { status: 0, code: undefined, reason: undefined, challenge: undefined, ...refusal });

const forbidden = (reason?: string) => ({ status: 403, code: 'Forbidden', reason });
const DENIED = 'AccessToKeyVaultDenied';

describe('a refusal', () => {
  test.each<[Partial<VaultRefusal>, status: string, code: string, retry: string, ...says: string[]]>([
    [{ status: 401 }, 'UnauthorizedClient', 'ERR_VAULT_UNAUTHORIZED', 'never', '(401)', 'its own tenant only:'],
    [forbidden('ForbiddenByRbac'), DENIED, 'ERR_VAULT_RBAC', 'never', 'the system-assigned identity no right', "'pw'"],
    [
      forbidden('ForbiddenByPolicy'),
      DENIED,
      'ERR_VAULT_POLICY',
      'never',
      'set-policy --name shop --object-id PRINCIPAL_ID --secret-permissions get ',
      'no access policy',
    ],
    [forbidden('AccessDenied'), DENIED, 'ERR_VAULT_POLICY', 'never', 'lets the system-assigned identity read'],
    [forbidden('ForbiddenByFirewall'), DENIED, 'ERR_VAULT_FIREWALL', 'never', 'the firewall of', 'VNet integration'],
    [forbidden('ForbiddenByConnection'), DENIED, 'ERR_VAULT_CONNECTION', 'never', 'public connections', 'privatelink'],
    [forbidden('SecretDisabled'), 'OtherReasons', 'ERR_SECRET_DISABLED', 'never', 'is disabled', '--enabled true'],
    [forbidden('Other'), DENIED, 'ERR_VAULT_FORBIDDEN', 'never', "refused to give 'pw'", 'networkAcls'],
    [forbidden(), DENIED, 'ERR_VAULT_FORBIDDEN', 'never', 'to the system-assigned identity (403)', 'networkAcls'],
    // A page of a company's proxy.
    [{ status: 403 }, DENIED, 'ERR_VAULT_FORBIDDEN', 'never', '(403)', 'no proxy or gateway'],
    [{ status: 404 }, 'VaultNotFound', 'ERR_VAULT_NOT_FOUND', 'never', 'not as Key Vault does', 'az keyvault show'],
    [{ status: 404, code: 'NotFound' }, 'VaultNotFound', 'ERR_VAULT_NOT_FOUND', 'never', "the vault's name"],
    [{ status: 429 }, 'OtherReasons', 'ERR_THROTTLED', 'deadline', 'throttling (429)', 'VAULTSTRAP_REFRESH_SECONDS'],
    [{ status: 408 }, 'FetchTimedOut', 'ERR_VAULT_UNAVAILABLE', 'deadline', 'answered 408', 'usually short'],
    [{ status: 500 }, 'OtherReasons', 'ERR_VAULT_UNAVAILABLE', 'deadline', 'answered 500'],
    [{ status: 503 }, 'OtherReasons', 'ERR_VAULT_UNAVAILABLE', 'deadline', 'answered 503'],
    [{ status: 504 }, 'FetchTimedOut', 'ERR_VAULT_UNAVAILABLE', 'deadline', 'answered 504'],
    [{ status: 300 }, 'OtherReasons', 'ERR_VAULT_REDIRECT', 'never', 'redirected (300)', 'never redirects'],
    [{ status: 399 }, 'OtherReasons', 'ERR_VAULT_REDIRECT', 'never', 'redirected (399)'],
    [{ status: 299 }, 'OtherReasons', 'ERR_VAULT_REPLY', 'never', 'answered 299', 'keyvault secret show'],
    [{ status: 400 }, 'OtherReasons', 'ERR_VAULT_REPLY', 'never', 'answered 400'],
    [{ status: 418 }, 'OtherReasons', 'ERR_VAULT_REPLY', 'never', '--vault-name shop --name pw'],
    [{ status: 499 }, 'OtherReasons', 'ERR_VAULT_REPLY', 'never', 'answered 499'],
  ])('%o', (refusal, status, code, retry, ...says) => {
    const failure = of(refusal);
    expect(failure).toMatchObject({ status, code, retry });
    expect(failure).not.toHaveProperty('absent');
    for (const text of ["vault 'shop'", ...says]) expect(`${failure.details} ${failure.hint}`).toContain(text);
    expect(failure.details).toMatch(/^(?:vault|no access|the|secret) .*\.$/);
    expect(failure.hint.length).toBeGreaterThan(40);
  });

  test("only Key Vault's own 404 is an absence", () => {
    const secret = { status: 404, code: 'SecretNotFound' };
    const newest = of(secret);
    expect(newest).toMatchObject({ status: 'SecretNotFound', code: 'ERR_SECRET_NOT_FOUND', absent: true });
    expect(newest).toMatchObject({ retry: 'never', details: "vault 'shop' has no secret 'pw'." });
    // As it can be pasted: that of `az` refuses without the value, which would stand in the shell's history.
    expect(newest.hint).toMatch(/^Check the name\. .*npx vaultstrap set shop pw; /);
    expect(newest.hint).toContain('az keyvault secret recover --vault-name shop --name pw');
    const pinned = of(secret, readOf('pw', { version: VERSION }));
    expect(pinned).toMatchObject({ status: 'SecretVersionNotFound', code: 'ERR_SECRET_VERSION_NOT_FOUND' });
    expect(pinned).toMatchObject({ retry: 'never', absent: true });
    expect(pinned.details).toContain(VERSION);
    expect(pinned.hint).toContain('list-versions --vault-name shop --name pw');
  });

  test('the version that is to be enabled again is the one that was asked for', () => {
    expect(of(forbidden('SecretDisabled')).hint).toContain('--name pw --enabled true');
    const pinned = of(forbidden('SecretDisabled'), readOf('pw', { version: VERSION }));
    // Without it, az would enable the newest.
    expect(pinned.hint).toContain(`--name pw --version ${VERSION} --enabled true`);
  });

  test('names the identity that was refused', () => {
    const read = readOf('pw', { identity: { kind: 'client', id: CLIENT_ID } });
    for (const reason of ['ForbiddenByRbac', 'ForbiddenByPolicy', 'Other']) {
      expect(of(forbidden(reason), read).details).toContain(`identity ${CLIENT_ID}`);
    }
    expect(of(forbidden('ForbiddenByRbac')).hint).toMatch(
      /^az role assignment create --role "Key Vault Secrets User" --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --scope "\$\(az keyvault show --name shop .*\/secrets\/pw" \(it can take minutes/,
    );
  });
});

describe('of a challenge, the tenant is told', () => {
  const hint = (challenge?: string) => of({ status: 401, challenge }).hint;
  test.each([
    `Bearer authorization="https://login.windows.net/${TENANT}", resource="https://vault.azure.net"`,
    `Bearer resource="https://vault.azure.net", AUTHORIZATION="HTTPS://login.microsoftonline.com/${TENANT}"`,
  ])('%s', (challenge) => {
    expect(hint(challenge)).toContain(`its own tenant only, which is ${TENANT}:`);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    `Bearer authorization="http://login.windows.net/${TENANT}"`,
    `Bearer authorization="https://login.windows.net/${TENANT}/oauth2"`,
    `Bearer authorization="https://login.windows.net/x/${TENANT}"`,
    `Bearer authorization="https://login.windows.net/${TENANT}0"`,
    `Bearer authorization="https://login.windows.net/${TENANT.slice(1)}"`,
    `Bearer authorization="https:///${TENANT}"`,
    'Bearer authorization="https://login.windows.net/c4nary-c4nary-c4nary-c4nary-c4nary-zz"',
    `Bearer authorization='https://login.windows.net/${TENANT}'`,
  ])('but nothing else of it: %s', (challenge) => {
    expect(hint(challenge)).toContain('of its own tenant only: check');
  });

  test('on a machine of his own the person is named, and how az knows him', () => {
    const read = readOf('pw', { identity: { kind: 'client', id: CLIENT_ID } });
    const mine = (refusal: Partial<VaultRefusal>) => of({ isPerson: true, ...refusal, by: 'AzureCliCredential' }, read);
    expect(mine(forbidden('ForbiddenByRbac')).details).toContain(
      'gives your own sign-in (AzureCliCredential) no right',
    );
    expect(mine(forbidden('ForbiddenByRbac')).hint).toContain('--assignee YOU@DOMAIN --scope');
    expect(mine(forbidden('ForbiddenByPolicy')).hint).toContain('--upn YOU@DOMAIN --secret-permissions get');
    // A pipeline.
    const app = { isPerson: false };
    expect(mine({ ...forbidden('ForbiddenByRbac'), ...app }).details).toContain(
      'gives the sign-in (AzureCliCredential) no right',
    );
    expect(mine({ ...forbidden('ForbiddenByRbac'), ...app }).hint).toContain('--assignee-object-id PRINCIPAL_ID');
    expect(mine({ ...forbidden('ForbiddenByPolicy'), ...app }).hint).toContain('--object-id PRINCIPAL_ID');
    expect(mine(forbidden('ForbiddenByFirewall')).hint).toBe(
      'az keyvault network-rule add --name shop --ip-address ADDRESS',
    );
    const challenge = `Bearer authorization="https://login.microsoftonline.com/${TENANT}", resource="https://vault.azure.net"`;
    expect(mine({ status: 401, challenge }).hint).toContain(`which is ${TENANT}: az login --tenant ${TENANT}`);
    expect(mine({ status: 401 }).hint).toContain('az login --tenant TENANT_ID');
  });

  test.each(['ManagedIdentityCredential', 'WorkloadIdentityCredential', 'EnvironmentCredential', undefined])(
    'and %s is no person',
    (by) => {
      expect(of({ ...forbidden('ForbiddenByRbac'), by }).details).toContain('the system-assigned identity');
      expect(of({ status: 401, by }).hint).toContain('check that the identity belongs to it');
    },
  );
});
