// The embedded Azure in a process of its own, so that its work is not the bench's.
import { startEmulator } from 'vaultstrap/testing';

const [count, identityMs, vaultMs] = process.argv.slice(2).map(Number);
const shop = Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, `value-${i}`]));
const azure = await startEmulator({ vaults: { shop }, latency: { identityMs, vaultMs } });
process.send({ env: azure.env });
process.on('message', async () => {
  const requests = await azure.requests();
  await azure.requests.clear();
  process.send({
    token: requests.filter(({ target }) => target === 'identity').length,
    vault: requests.filter(({ target }) => target === 'vault').length,
    unauthorized: requests.filter(({ status }) => status === 401).length,
    connections: new Set(requests.filter(({ target }) => target === 'vault').map(({ connection }) => connection)).size,
  });
});
process.on('disconnect', () => process.exit());
setInterval(() => {}, 1 << 30);
