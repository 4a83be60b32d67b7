import type { Environment } from '../settings/environment.js';
import { type Failure, fail, type Result, succeed } from '../support/failure.js';

/** A place where a managed identity's tokens come from. `report()` shows the name. */
export type IdentitySource =
  | {
      readonly name: 'app-service-2019' | 'container-apps';
      readonly lane: 'direct';
      readonly endpoint: URL;
      readonly header: string;
    }
  | { readonly name: 'app-service-2017'; readonly lane: 'direct'; readonly endpoint: URL; readonly header: string }
  | { readonly name: 'msi-endpoint'; readonly lane: 'direct'; readonly endpoint: URL }
  | {
      readonly name: 'workload-identity' | 'service-fabric' | 'azure-ml' | 'azure-arc' | 'default-azure-credential';
      readonly lane: 'sdk';
    };

export type DirectSource = Extract<IdentitySource, { lane: 'direct' }>;
export type SourceName = IdentitySource['name'];

/**
 * Which identity endpoint applies, most specific first: App Service sets both generations,
 * Arc sets one of App Service's variables, Azure ML imitates App Service 2017.
 * Sources and order: docs/identity.md.
 */
export function detectSource(env: Environment): Result<IdentitySource> {
  const has = (...names: string[]) => names.every((name) => Boolean(env[name]));

  if (has('AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID')) {
    return succeed({ name: 'workload-identity', lane: 'sdk' });
  }
  if (has('IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'IDENTITY_SERVER_THUMBPRINT')) {
    return succeed({ name: 'service-fabric', lane: 'sdk' });
  }
  if (has('IDENTITY_ENDPOINT', 'IDENTITY_HEADER')) {
    const name = has('CONTAINER_APP_NAME') ? 'container-apps' : 'app-service-2019';
    return withEndpoint(env, 'IDENTITY_ENDPOINT', (endpoint) => ({
      name,
      lane: 'direct',
      endpoint,
      header: env['IDENTITY_HEADER'] ?? '',
    }));
  }
  if (has('MSI_ENDPOINT', 'MSI_SECRET')) {
    if (has('DEFAULT_IDENTITY_CLIENT_ID') || Object.keys(env).some((name) => name.startsWith('AZUREML_'))) {
      return succeed({ name: 'azure-ml', lane: 'sdk' });
    }
    return withEndpoint(env, 'MSI_ENDPOINT', (endpoint) => ({
      name: 'app-service-2017',
      lane: 'direct',
      endpoint,
      header: env['MSI_SECRET'] ?? '',
    }));
  }
  if (has('MSI_ENDPOINT')) {
    return withEndpoint(env, 'MSI_ENDPOINT', (endpoint) => ({ name: 'msi-endpoint', lane: 'direct', endpoint }));
  }
  if (has('IDENTITY_ENDPOINT', 'IMDS_ENDPOINT')) return succeed({ name: 'azure-arc', lane: 'sdk' });
  return succeed({ name: 'default-azure-credential', lane: 'sdk' });
}

function withEndpoint(
  env: Environment,
  setting: 'IDENTITY_ENDPOINT' | 'MSI_ENDPOINT',
  make: (endpoint: URL) => DirectSource,
): Result<IdentitySource> {
  const endpoint = parseEndpoint(env[setting] ?? '');
  if (!endpoint) return fail(badEndpoint(setting));
  const source = make(endpoint);
  if ('header' in source && !/^[\x21-\x7e]+$/.test(source.header)) return fail(badHeader(setting));
  return succeed(source);
}

/**
 * Plain http only to this machine or its link: App Service on Linux listens on
 * 169.254.0.0/16, elsewhere on loopback. The header is a credential.
 */
function parseEndpoint(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username || url.password || url.hash) return undefined;
  const near = /^(localhost|127(\.\d+){3}|169\.254(\.\d+){2}|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && near) ? url : undefined;
}

function badEndpoint(setting: string): Failure {
  return {
    status: 'MSINotEnabled',
    code: 'ERR_IDENTITY_ENDPOINT',
    details: `${setting} is not an identity endpoint.`,
    hint: `The platform sets ${setting}: https, or http to loopback or 169.254.0.0/16. Do not set it yourself.`,
    retry: 'never',
  };
}

function badHeader(setting: string): Failure {
  const name = setting === 'MSI_ENDPOINT' ? 'MSI_SECRET' : 'IDENTITY_HEADER';
  return {
    status: 'MSINotEnabled',
    code: 'ERR_IDENTITY_ENDPOINT',
    details: `${name} holds characters that no header can carry.`,
    hint: `The platform sets ${name}. Do not set it yourself.`,
    retry: 'never',
  };
}
