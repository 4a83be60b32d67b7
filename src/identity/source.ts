import type { Environment } from '../settings/environment.js';
import { type Failure, fail, type Result, succeed } from '../support/failure.js';
import { isNear } from '../support/near.js';
import { parseThumbprint } from './pinned.js';

/** A place where a managed identity's tokens come from. `report()` shows the name. */
export type IdentitySource =
  | {
      readonly name: 'app-service-2019' | 'container-apps';
      readonly lane: 'direct';
      readonly endpoint: URL;
      readonly header: string;
    }
  | { readonly name: 'app-service-2017'; readonly lane: 'direct'; readonly endpoint: URL; readonly header: string }
  | {
      readonly name: 'service-fabric';
      readonly lane: 'direct';
      readonly endpoint: URL;
      readonly header: string;
      /** SHA-1 of the certificate to expect, 40 hexadecimal digits in upper case. */
      readonly thumbprint: string;
      readonly apiVersion: string;
    }
  | { readonly name: 'msi-endpoint'; readonly lane: 'direct'; readonly endpoint: URL }
  | {
      readonly name: 'workload-identity' | 'azure-ml' | 'azure-arc' | 'default-azure-credential';
      readonly lane: 'sdk';
    };

export type DirectSource = Extract<IdentitySource, { lane: 'direct' }>;
export type SourceName = IdentitySource['name'];

/** The oldest; a cluster that wants another one says so in IDENTITY_API_VERSION. */
const SERVICE_FABRIC_API_VERSION = '2019-07-01-preview';

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
  if (has('IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'IDENTITY_SERVER_THUMBPRINT')) return serviceFabric(env);
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
  if (has('IDENTITY_ENDPOINT', 'IMDS_ENDPOINT') || hasArcAgent(env)) return succeed({ name: 'azure-arc', lane: 'sdk' });
  return succeed({ name: 'default-azure-credential', lane: 'sdk' });
}

/** Its own lane, although the SDK knows the protocol: the SDK does not pin, and refuses the self-signed certificate. */
function serviceFabric(env: Environment): Result<IdentitySource> {
  const thumbprint = parseThumbprint(env['IDENTITY_SERVER_THUMBPRINT'] ?? '');
  if (!thumbprint) {
    return fail(badVariable('IDENTITY_SERVER_THUMBPRINT', 'is not the SHA-1 thumbprint of a certificate'));
  }
  const apiVersion = env['IDENTITY_API_VERSION'] || SERVICE_FABRIC_API_VERSION;
  if (!/^[\w.-]{1,64}$/.test(apiVersion)) return fail(badVariable('IDENTITY_API_VERSION', 'is not an api-version'));
  return withEndpoint(
    env,
    'IDENTITY_ENDPOINT',
    (endpoint) => ({
      name: 'service-fabric',
      lane: 'direct',
      endpoint,
      header: env['IDENTITY_HEADER'] ?? '',
      thumbprint,
      apiVersion,
    }),
    // Without TLS there is no certificate to compare.
    ({ protocol }) => protocol === 'https:',
  );
}

/**
 * On servers connected by Arc the variables reach services only; the agent itself is the other sign, as in the SDK.
 * https://github.com/AzureAD/microsoft-authentication-library-for-js, `AzureArc.ts`
 */
function hasArcAgent(env: Environment): boolean {
  const agent =
    process.platform === 'win32'
      ? env['ProgramFiles'] && `${env['ProgramFiles']}\\AzureConnectedMachineAgent\\himds.exe`
      : process.platform === 'linux' && '/opt/azcmagent/bin/himds';
  if (!agent) return false;
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(agent, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function withEndpoint(
  env: Environment,
  setting: 'IDENTITY_ENDPOINT' | 'MSI_ENDPOINT',
  make: (endpoint: URL) => DirectSource,
  isFit: (endpoint: URL) => boolean = () => true,
): Result<IdentitySource> {
  const endpoint = parseEndpoint(env[setting] ?? '');
  if (!endpoint || !isFit(endpoint)) return fail(badEndpoint(setting));
  const source = make(endpoint);
  if ('header' in source && !/^[\x21-\x7e]+$/.test(source.header)) return fail(badHeader(setting));
  return succeed(source);
}

/**
 * Plain http only to this machine or its link: the header is a credential.
 */
function parseEndpoint(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username || url.password || url.hash) return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isNear(url.hostname)) ? url : undefined;
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
  return badVariable(name, 'holds characters that no header can carry');
}

function badVariable(name: string, what: string): Failure {
  return {
    status: 'MSINotEnabled',
    code: 'ERR_IDENTITY_ENDPOINT',
    details: `${name} ${what}.`,
    hint: `The platform sets ${name}. Do not set it yourself.`,
    retry: 'never',
  };
}
