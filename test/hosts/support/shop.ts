// What every example is set against: a vault with a key, and a stranger who takes that key only.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from '../../../src/testing/index.js';
import { startAzure } from '../../process/support/app.js';
import { canary } from '../../process/support/canary.js';

export interface Shop {
  readonly azure: Emulator;
  /** The app settings, pointers only; values are read again each second. */
  readonly settings: Readonly<Record<string, string>>;
  /** Calls that the API has let in. */
  readonly served: () => number;
  /** A new key: from now on the old one is refused. */
  rotate(): Promise<void>;
  /** Everything as at the start. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const PRICE = '{"price":3}';

export async function startShop(): Promise<Shop> {
  const first = canary('first-key');
  let accepted = first;
  let served = 0;
  const api = createServer(({ url, headers }, response) => {
    const known = url === '/price' && headers.authorization === `Bearer ${accepted}`;
    if (known) served++;
    response.writeHead(known ? 200 : 401, { 'Content-Type': 'application/json' }).end(known ? PRICE : '{}');
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  // The address is a secret, too, since the examples read it while they load: it proves that the value was there by then.
  const azure = await startAzure({ vaults: { shop: { 'api-key': first, 'api-url': url } } });
  return {
    azure,
    settings: {
      ...azure.env,
      API_URL: '@KeyVault(VaultName=shop;SecretName=api-url)',
      API_KEY: '@KeyVault(VaultName=shop;SecretName=api-key)',
      VAULTSTRAP_REFRESH_SECONDS: '1',
    },
    served: () => served,
    async rotate() {
      accepted = canary('next-key');
      await azure.vault('shop').set('api-key', accepted);
    },
    async reset() {
      accepted = first;
      served = 0;
      await azure.reset();
    },
    async close() {
      api.close();
      api.closeAllConnections();
      await azure.close();
    },
  };
}
