// The embedded Azure and the store, in a process of their own, so that their work is not counted to the apps.
import { startEmulator } from 'vaultstrap/testing';
import { startStore } from './store.mjs';

const [count, vaultCount, identityMs, vaultMs] = process.argv.slice(2).map(Number);
const vaults = {};
for (let i = 0; i < count; i++) {
  const vault = `shop${i % vaultCount}`;
  vaults[vault] ??= {};
  vaults[vault][`s${i}`] = `value-${i}`;
}
const azure = await startEmulator({ vaults, latency: { identityMs, vaultMs } });
const store = await startStore({ count, vaultCount, latencyMs: vaultMs });
process.send({ env: { ...azure.env, ...store.env } });
process.on('message', async () => {
  const requests = await azure.requests();
  await azure.requests.clear();
  const vault = requests.filter(({ target }) => target === 'vault');
  process.send({
    token: requests.filter(({ target }) => target === 'identity').length,
    vault: vault.length,
    unauthorized: vault.filter(({ status }) => status === 401).length,
    connections: new Set(vault.map(({ connection }) => connection)).size,
  });
});
process.on('disconnect', () => process.exit());
