// What each operation does to a vault, once it is known to be allowed.
import { toSeconds } from './clock.js';
import { emptyReply, type Incoming, jsonReply, type Reply } from './exchange.js';
import { pageReply } from './paging.js';
import type { Operation } from './routes.js';
import { readChanges } from './secret-body.js';
import { deletedBundle, deletedItem, secretBundle, secretItem, versionItem } from './secret-json.js';
import { badParameter, deletedButRecoverable, disabled, nameTaken, notFound } from './vault-errors.js';
import {
  addVersion,
  backUp,
  deleteSecret,
  findVersion,
  newestOf,
  recoverSecret,
  restore,
  type Secret,
  type Vault,
} from './vault-store.js';

export interface OperationContext {
  readonly vault: Vault;
  /** Stands in every id. */
  readonly host: string;
  readonly request: Incoming;
  readonly nowMs: number;
}

const byName = <T extends Secret>(secrets: Iterable<T>): T[] =>
  [...secrets].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));

const PEM = 'application/x-pem-file';
const PFX = 'application/x-pkcs12';

/** Versions named by a date begin with the one that converts, 2025-06-01-preview; older ones know nothing of it. */
function wantedType(request: Incoming): string | undefined {
  const convertsAt = /^\d{4}-/.test(request.query.get('api-version') ?? '');
  return (convertsAt && request.query.get('outContentType')) || undefined;
}

function getSecret({ vault, host, request }: OperationContext, name: string, version: string | undefined): Reply {
  const secret = vault.secrets.get(name.toLowerCase());
  const found = secret && findVersion(secret, version);
  if (!secret || !found) return notFound(version === undefined ? name : `${name}/${version}`);
  if (!found.enabled) return disabled();
  const wanted = wantedType(request);
  if (wanted !== undefined && wanted !== PEM && wanted !== PFX) {
    return badParameter('The specified outContentType is not supported.');
  }
  const converts = wanted === PEM && found.pem !== undefined;
  const given = converts ? { ...found, value: found.pem ?? '', contentType: PEM } : found;
  return jsonReply(200, secretBundle(host, secret, given));
}

function setSecret({ vault, host, request, nowMs }: OperationContext, name: string): Reply {
  if (vault.deleted.has(name.toLowerCase())) return deletedButRecoverable(name);
  const body = readChanges(request.body);
  if ('refused' in body) return body.refused;
  const { value, contentType, tags, enabled = true, nbf, exp } = body.changes;
  if (value === undefined) return badParameter('Property value is missing.');
  const version = addVersion(vault, name, { value, contentType, tags, enabled, nbf, exp }, nowMs);
  const secret = vault.secrets.get(name.toLowerCase());
  if (!secret) return emptyReply(500);
  return jsonReply(200, secretBundle(host, secret, version));
}

function updateSecret(context: OperationContext, name: string, version: string | undefined): Reply {
  const secret = context.vault.secrets.get(name.toLowerCase());
  const found = secret && findVersion(secret, version);
  if (!secret || !found) return notFound(version === undefined ? name : `${name}/${version}`);
  const body = readChanges(context.request.body);
  if ('refused' in body) return body.refused;
  // Setting a value makes a version; updating one never changes it.
  const { value: _ignored, ...changes } = body.changes;
  Object.assign(found, changes, { updated: toSeconds(context.nowMs) });
  return jsonReply(200, versionItem(context.host, secret, found));
}

function listSecrets({ vault, host, request }: OperationContext): Reply {
  return pageReply(
    `https://${host}/secrets`,
    request.query,
    byName(vault.secrets.values()),
    (secret) => secret.name.toLowerCase(),
    (secret) => secretItem(host, secret),
  );
}

function listDeleted({ vault, host, request }: OperationContext): Reply {
  return pageReply(
    `https://${host}/deletedsecrets`,
    request.query,
    byName(vault.deleted.values()),
    (secret) => secret.name.toLowerCase(),
    (secret) => deletedItem(host, secret),
  );
}

/** The service promises no order of versions; here it is that of their names. A secret that does not exist has none. */
function listVersions({ vault, host, request }: OperationContext, name: string): Reply {
  const secret = vault.secrets.get(name.toLowerCase()) ?? { name, versions: [] };
  const entries = [...secret.versions].sort((a, b) => (a.version < b.version ? -1 : 1));
  return pageReply(
    `https://${host}/secrets/${secret.name}/versions`,
    request.query,
    entries,
    (one) => one.version,
    (one) => versionItem(host, secret, one),
  );
}

function restoreSecret({ vault, host, request }: OperationContext): Reply {
  const body = readChanges(request.body);
  if ('refused' in body) return body.refused;
  const secret = restore(vault, body.changes.value ?? '');
  if (secret === undefined) return badParameter('Backup blob contains invalid or corrupt data.');
  return secret ? jsonReply(200, versionItem(host, secret, newestOf(secret))) : nameTaken();
}

export function performOperation(operation: Operation, context: OperationContext): Reply {
  const { vault, host, nowMs } = context;
  switch (operation.kind) {
    case 'get':
      return getSecret(context, operation.secret, operation.version);
    case 'set':
      return setSecret(context, operation.secret);
    case 'update':
      return updateSecret(context, operation.secret, operation.version);
    case 'list':
      return listSecrets(context);
    case 'list-versions':
      return listVersions(context, operation.secret);
    case 'list-deleted':
      return listDeleted(context);
    case 'delete': {
      const deleted = deleteSecret(vault, operation.secret, nowMs);
      return deleted ? jsonReply(200, deletedBundle(host, deleted)) : notFound(operation.secret);
    }
    case 'get-deleted': {
      const deleted = vault.deleted.get(operation.secret.toLowerCase());
      return deleted ? jsonReply(200, deletedBundle(host, deleted)) : notFound(operation.secret);
    }
    case 'recover': {
      const secret = recoverSecret(vault, operation.secret);
      return secret ? jsonReply(200, versionItem(host, secret, newestOf(secret))) : notFound(operation.secret);
    }
    case 'backup': {
      const secret = vault.secrets.get(operation.secret.toLowerCase());
      return secret ? jsonReply(200, { value: backUp(vault, secret) }) : notFound(operation.secret);
    }
    case 'restore':
      return restoreSecret(context);
    case 'purge':
      return vault.deleted.delete(operation.secret.toLowerCase()) ? emptyReply(204) : notFound(operation.secret);
  }
}
