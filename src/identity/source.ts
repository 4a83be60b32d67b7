import type { Environment } from '../settings/environment.js';
import { fail, type Result, succeed } from '../support/failure.js';
import { badVariable, readEndpoint } from './endpoint.js';
import { parseThumbprint } from './pinned.js';

/** A place where a managed identity's tokens come from. `report()` shows the name. */
export type IdentitySource =
  | {
      readonly name: 'app-service-2019' | 'container-apps' | 'app-service-2017';
      readonly lane: 'direct';
      readonly endpoint: URL;
      readonly header: string;
    }
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

interface Row {
  readonly name: SourceName;
  /** Variables that must all be there. */
  readonly needs: readonly string[];
  /** What else must hold, and how to say that it does not. */
  readonly also?: { readonly holds: (env: Environment) => boolean; readonly missing: string };
  readonly make: (env: Environment) => Result<IdentitySource>;
}

const bySdk = (name: Extract<IdentitySource, { lane: 'sdk' }>['name']) => () =>
  succeed<IdentitySource>({ name, lane: 'sdk' });

function appService(name: 'app-service-2019' | 'container-apps' | 'app-service-2017') {
  const [setting, header] =
    name === 'app-service-2017'
      ? (['MSI_ENDPOINT', 'MSI_SECRET'] as const)
      : (['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'] as const);
  return (env: Environment): Result<IdentitySource> => {
    const found = readEndpoint(env, setting, header);
    return found.ok ? succeed({ name, lane: 'direct', ...found.value }) : found;
  };
}

/**
 * Every source, the most specific first: App Service sets both generations, Arc sets one of App Service's variables,
 * Azure ML imitates App Service 2017. Sources and order: docs/identity.md.
 */
const ROWS: readonly Row[] = [
  {
    name: 'workload-identity',
    needs: ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID'],
    make: bySdk('workload-identity'),
  },
  {
    name: 'service-fabric',
    needs: ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'IDENTITY_SERVER_THUMBPRINT'],
    make: serviceFabric,
  },
  {
    name: 'container-apps',
    needs: ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'],
    also: {
      holds: (env) => Boolean(env['CONTAINER_APP_NAME'] || env['CONTAINER_APP_JOB_NAME']),
      missing: 'neither CONTAINER_APP_NAME nor CONTAINER_APP_JOB_NAME is set',
    },
    make: appService('container-apps'),
  },
  { name: 'app-service-2019', needs: ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'], make: appService('app-service-2019') },
  {
    name: 'azure-ml',
    needs: ['MSI_ENDPOINT', 'MSI_SECRET'],
    also: {
      holds: (env) =>
        Boolean(env['DEFAULT_IDENTITY_CLIENT_ID']) || Object.keys(env).some((name) => name.startsWith('AZUREML_')),
      missing: 'neither DEFAULT_IDENTITY_CLIENT_ID nor AZUREML_* is set',
    },
    make: bySdk('azure-ml'),
  },
  { name: 'app-service-2017', needs: ['MSI_ENDPOINT', 'MSI_SECRET'], make: appService('app-service-2017') },
  {
    name: 'msi-endpoint',
    needs: ['MSI_ENDPOINT'],
    make: (env) => {
      const found = readEndpoint(env, 'MSI_ENDPOINT');
      return found.ok ? succeed({ name: 'msi-endpoint', lane: 'direct', endpoint: found.value.endpoint }) : found;
    },
  },
  {
    name: 'azure-arc',
    needs: [],
    also: {
      holds: (env) => Boolean(env['IDENTITY_ENDPOINT'] && env['IMDS_ENDPOINT']) || hasArcAgent(env),
      missing: 'IDENTITY_ENDPOINT and IMDS_ENDPOINT are not both set, and there is no Arc agent here',
    },
    make: bySdk('azure-arc'),
  },
  { name: 'default-azure-credential', needs: [], make: bySdk('default-azure-credential') },
];

/** A source that was looked for, and why it does not apply; the last one does. */
export interface ConsideredSource {
  readonly name: SourceName;
  readonly missing?: string;
}

/** Which source applies, and which were passed over for it, in order. */
export function considerSources(env: Environment): readonly ConsideredSource[] {
  const considered: ConsideredSource[] = [];
  for (const row of ROWS) {
    const missing = missingOf(row, env);
    considered.push({ name: row.name, ...(missing !== undefined && { missing }) });
    if (missing === undefined) break;
  }
  return considered;
}

/** Where tokens come from in this environment. A source whose variables are malformed is a failure, not the next one. */
export function detectSource(env: Environment): Result<IdentitySource> {
  const row = ROWS.find((one) => missingOf(one, env) === undefined);
  // The last row needs nothing.
  return (row?.make ?? bySdk('default-azure-credential'))(env);
}

function missingOf({ needs, also }: Row, env: Environment): string | undefined {
  const unset = needs.filter((name) => !env[name]);
  if (unset.length > 0) return `${unset.join(', ')} ${unset.length === 1 ? 'is' : 'are'} not set`;
  return also && !also.holds(env) ? also.missing : undefined;
}

/** The oldest; a cluster that wants another one says so in IDENTITY_API_VERSION. */
const SERVICE_FABRIC_API_VERSION = '2019-07-01-preview';

/** Its own lane, although the SDK knows the protocol: the SDK does not pin, and refuses the self-signed certificate. */
function serviceFabric(env: Environment): Result<IdentitySource> {
  const thumbprint = parseThumbprint(env['IDENTITY_SERVER_THUMBPRINT'] ?? '');
  if (!thumbprint) {
    return fail(badVariable('IDENTITY_SERVER_THUMBPRINT', 'is not the SHA-1 thumbprint of a certificate'));
  }
  const apiVersion = env['IDENTITY_API_VERSION'] || SERVICE_FABRIC_API_VERSION;
  if (!/^[\w.-]{1,64}$/.test(apiVersion)) return fail(badVariable('IDENTITY_API_VERSION', 'is not an api-version'));
  // Without TLS there is no certificate to compare.
  const found = readEndpoint(env, 'IDENTITY_ENDPOINT', 'IDENTITY_HEADER', ({ protocol }) => protocol === 'https:');
  return found.ok ? succeed({ name: 'service-fabric', lane: 'direct', ...found.value, thumbprint, apiVersion }) : found;
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
