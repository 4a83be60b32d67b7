// The settings by which each kind of host announces its identity endpoint.
import { checkOneOf } from './check.js';
import type { IdentityHost } from './types.js';

export interface HostFacts {
  readonly vaultEndpoint: string;
  readonly identityEndpoint: string;
  readonly fabricEndpoint: string;
  readonly fabricThumbprint: string;
  readonly caCertificate: string;
  readonly identityHeader: string;
  readonly authorityEndpoint: string;
  readonly tenantId: string;
  /** Of the identity that a host with a default one has. */
  readonly defaultClientId: string;
  /** Called for the hosts that need them only: they write files. */
  readonly federatedTokenFile: () => string;
  readonly writeArcKey: () => void;
}

const HOSTS: { readonly [host in IdentityHost]: (facts: HostFacts) => Record<string, string> } = {
  'app-service-2019': ({ identityEndpoint, identityHeader }) => ({
    IDENTITY_ENDPOINT: `${identityEndpoint}/msi/token`,
    IDENTITY_HEADER: identityHeader,
  }),
  'app-service-2017': ({ identityEndpoint, identityHeader }) => ({
    MSI_ENDPOINT: `${identityEndpoint}/msi2017/token`,
    MSI_SECRET: identityHeader,
  }),
  'container-apps': ({ identityEndpoint, identityHeader }) => ({
    IDENTITY_ENDPOINT: `${identityEndpoint}/msi/token`,
    IDENTITY_HEADER: identityHeader,
    CONTAINER_APP_NAME: 'emulator',
  }),
  'service-fabric': ({ fabricEndpoint, fabricThumbprint, identityHeader }) => ({
    IDENTITY_ENDPOINT: `${fabricEndpoint}/metadata/identity/oauth2/token`,
    IDENTITY_HEADER: identityHeader,
    IDENTITY_SERVER_THUMBPRINT: fabricThumbprint,
    IDENTITY_API_VERSION: '2020-05-01',
  }),
  'msi-endpoint': ({ identityEndpoint }) => ({ MSI_ENDPOINT: `${identityEndpoint}/oauth2/token` }),
  'azure-ml': ({ identityEndpoint, identityHeader, defaultClientId }) => ({
    MSI_ENDPOINT: `${identityEndpoint}/ml/msi/token`,
    MSI_SECRET: identityHeader,
    DEFAULT_IDENTITY_CLIENT_ID: defaultClientId,
  }),
  'azure-arc': ({ identityEndpoint, writeArcKey }) => {
    writeArcKey();
    return { IDENTITY_ENDPOINT: `${identityEndpoint}/arc/token`, IMDS_ENDPOINT: identityEndpoint };
  },
  'workload-identity': ({ authorityEndpoint, tenantId, defaultClientId, federatedTokenFile }) => ({
    AZURE_AUTHORITY_HOST: `${authorityEndpoint}/`,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: defaultClientId,
    AZURE_FEDERATED_TOKEN_FILE: federatedTokenFile(),
  }),
  // A virtual machine announces nothing; this is how the SDK is told of another address.
  imds: ({ identityEndpoint }) => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: identityEndpoint }),
};

export function settingsFor(host: IdentityHost, facts: HostFacts): Record<string, string> {
  const known = checkOneOf('host', host, Object.keys(HOSTS) as IdentityHost[]);
  return {
    ...HOSTS[known](facts),
    VAULTSTRAP_VAULT_ENDPOINT: facts.vaultEndpoint,
    VAULTSTRAP_VAULT_CA: facts.caCertificate,
  };
}
