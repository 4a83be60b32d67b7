// What users do not need: their vaults and stores have names, these here an address.
/** A pipeline policy that connects to this machine, and keeps the name in the request. */
export function toLocal(address, name = 'toLocal') {
  return {
    position: 'perRetry',
    policy: {
      name,
      async sendRequest(request, next) {
        const { url } = request;
        const target = new URL(url);
        request.headers.set('Host', target.host);
        target.host = address;
        request.url = target.href;
        return next(request).finally(() => {
          request.url = url;
        });
      },
    },
  };
}

export const vaultOptions = {
  tlsOptions: { ca: process.env.VAULTSTRAP_VAULT_CA },
  additionalPolicies: [toLocal(new URL(process.env.VAULTSTRAP_VAULT_ENDPOINT).host)],
};
