/** Settings that name the endpoint of a managed identity, together: with another's, a process would find neither. */
export const IDENTITY_ENDPOINT_SETTINGS: readonly string[] = [
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'IDENTITY_SERVER_THUMBPRINT',
  'IDENTITY_API_VERSION',
  'IMDS_ENDPOINT',
  'MSI_ENDPOINT',
  'MSI_SECRET',
];
