// Which operation a path and method mean, and which right it needs.
import type { SecretAction } from '../types.js';

export type Operation =
  | {
      kind: 'get' | 'set' | 'update' | 'delete' | 'list-versions';
      action: SecretAction;
      secret: string;
      version?: string;
    }
  | { kind: 'get-deleted' | 'recover' | 'purge' | 'backup'; action: SecretAction; secret: string }
  | { kind: 'list' | 'list-deleted' | 'restore'; action: SecretAction; secret?: undefined };

export type Route = Operation | 'unknown-path' | 'wrong-method';

function secretRoute(method: string, secret: string, version: string | undefined): Route {
  if (version?.toLowerCase() === 'versions') {
    return method === 'GET' ? { kind: 'list-versions', action: 'list', secret } : 'wrong-method';
  }
  if (method === 'POST' && version?.toLowerCase() === 'backup') return { kind: 'backup', action: 'backup', secret };
  if (method === 'GET') return { kind: 'get', action: 'get', secret, ...(version !== undefined && { version }) };
  // Without a version it is the newest's attributes, as `az keyvault secret set-attributes` changes them.
  if (method === 'PATCH') return { kind: 'update', action: 'set', secret, ...(version !== undefined && { version }) };
  if (version !== undefined) return 'wrong-method';
  if (method === 'PUT') return { kind: 'set', action: 'set', secret };
  if (method === 'DELETE') return { kind: 'delete', action: 'delete', secret };
  return 'wrong-method';
}

function deletedRoute(method: string, secret: string, verb: string | undefined): Route {
  if (verb !== undefined) {
    if (verb.toLowerCase() !== 'recover') return 'unknown-path';
    return method === 'POST' ? { kind: 'recover', action: 'recover', secret } : 'wrong-method';
  }
  if (method === 'GET') return { kind: 'get-deleted', action: 'get', secret };
  if (method === 'DELETE') return { kind: 'purge', action: 'purge', secret };
  return 'wrong-method';
}

/** `path` has no trailing slash. */
export function findRoute(method: string, path: string): Route {
  const [, collection = '', secret, last, ...more] = path.split('/');
  const deleted = collection.toLowerCase() === 'deletedsecrets';
  if (more.length > 0 || (!deleted && collection.toLowerCase() !== 'secrets')) return 'unknown-path';
  if (secret === undefined) {
    if (method !== 'GET') return 'wrong-method';
    return { kind: deleted ? 'list-deleted' : 'list', action: 'list' };
  }
  // Only POST: a secret may have that name, too.
  if (!deleted && method === 'POST' && secret.toLowerCase() === 'restore' && last === undefined) {
    return { kind: 'restore', action: 'restore' };
  }
  return deleted ? deletedRoute(method, secret, last) : secretRoute(method, secret, last);
}
