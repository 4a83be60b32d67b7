// Secrets as the service writes them.
import { type DeletedSecret, newestOf, RECOVERABLE_DAYS, type Secret, type Version } from './vault-store.js';

const DAY_SECONDS = 86_400;

function attributes(version: Version): object {
  return {
    enabled: version.enabled,
    ...(version.nbf !== undefined && { nbf: version.nbf }),
    ...(version.exp !== undefined && { exp: version.exp }),
    created: version.created,
    updated: version.updated,
    recoveryLevel: 'Recoverable+Purgeable',
    recoverableDays: RECOVERABLE_DAYS,
  };
}

function describe(version: Version): object {
  return {
    ...(version.contentType !== undefined && { contentType: version.contentType }),
    attributes: attributes(version),
    ...(version.tags !== undefined && { tags: version.tags }),
  };
}

const secretId = (host: string, secret: Secret): string => `https://${host}/secrets/${secret.name}`;

/** Without the value: answers to updating, recovering and listing versions. */
export function versionItem(host: string, secret: Secret, version: Version): object {
  return { id: `${secretId(host, secret)}/${version.version}`, ...describe(version) };
}

export function secretBundle(host: string, secret: Secret, version: Version): object {
  return { value: version.value, ...versionItem(host, secret, version) };
}

/** An entry of the vault's list: its id has no version. */
export function secretItem(host: string, secret: Secret): object {
  return { id: secretId(host, secret), ...describe(newestOf(secret)) };
}

function deletion(host: string, secret: DeletedSecret): object {
  return {
    recoveryId: `https://${host}/deletedsecrets/${secret.name}`,
    deletedDate: secret.deletedAt,
    scheduledPurgeDate: secret.deletedAt + RECOVERABLE_DAYS * DAY_SECONDS,
  };
}

export function deletedItem(host: string, secret: DeletedSecret): object {
  return { ...deletion(host, secret), ...secretItem(host, secret) };
}

export function deletedBundle(host: string, secret: DeletedSecret): object {
  return { ...deletion(host, secret), ...versionItem(host, secret, newestOf(secret)) };
}
