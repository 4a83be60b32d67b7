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
