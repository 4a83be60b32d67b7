// The service's refusals, in its words where they are known.
import { jsonReply, type Reply } from './exchange.js';

function vaultError(status: number, code: string, message: string, innerCode?: string): Reply {
  const innererror = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return jsonReply(status, { error: { code, message, ...innererror } });
}

export const badParameter = (message: string): Reply => vaultError(400, 'BadParameter', message);

export const methodNotAllowed = (): Reply =>
  vaultError(405, 'MethodNotAllowed', 'The request method is not allowed on this resource.');

/** 501 is not asked again by the SDK's clients. */
export const notEmulated = (collection: string): Reply =>
  vaultError(
    501,
    'NotImplemented',
    `This is the emulator of vaultstrap/testing. It has secrets only, no ${collection}.`,
  );

export const notFound = (name: string): Reply =>
  vaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );

export const disabled = (): Reply =>
  vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');

export const deletedButRecoverable = (name: string): Reply =>
  vaultError(
    409,
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    'ObjectIsDeletedButRecoverable',
  );

export const nameTaken = (): Reply =>
  vaultError(409, 'Conflict', 'A secret of that name exists in this vault; it cannot be restored over.');

export const throttled = (retryAfterSeconds: number | undefined): Reply => {
  const reply = vaultError(
    429,
    'Throttled',
    'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
  );
  if (retryAfterSeconds === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'Retry-After': String(retryAfterSeconds) } };
};

export function forbidden(accessModel: 'rbac' | 'policy', action: string, objectId: string, vault: string): Reply {
  return accessModel === 'rbac'
    ? vaultError(
        403,
        'Forbidden',
        `Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: oid=${objectId}\r\nAction: 'Microsoft.KeyVault/vaults/secrets/${action}'\r\nVault: ${vault};location=emulator`,
        'ForbiddenByRbac',
      )
    : vaultError(
        403,
        'Forbidden',
        `The user, group or application 'oid=${objectId}' does not have secrets ${action} permission on key vault '${vault};location=emulator'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`,
        'ForbiddenByPolicy',
      );
}

/** 401 with the challenge that tells a client for which resource to get a token, and from whom. */
export function unauthorized(tenantId: string, resource: string, refusal?: string): Reply {
  const challenge = `Bearer authorization="https://login.windows.net/${tenantId}", resource="${resource}"`;
  const message = refusal ?? 'AKV10000: Request is missing a Bearer or PoP token.';
  const reply = vaultError(401, 'Unauthorized', message);
  return {
    ...reply,
    headers: {
      ...reply.headers,
      'WWW-Authenticate': refusal === undefined ? challenge : `${challenge}, error="invalid_token"`,
    },
  };
}
