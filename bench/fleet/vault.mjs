// The embedded Azure in a process of its own. Answers { id, op, args }, and keeps count of requests by the second.
import { startEmulator } from 'vaultstrap/testing';
import { singlesOf, valueIn } from './settings.mjs';

const secrets = [
  'db-user',
  'db-password',
  'cache-user',
  'cache-password',
  'service',
  ...singlesOf(Number(process.argv[2])),
];
const azure = await startEmulator({
  vaults: { shop: Object.fromEntries(secrets.map((secret) => [secret, valueIn(secret, 1)])) },
});
const shop = azure.vault('shop');
/** By second since 1970: [all, served, throttled]. */
let seconds = new Map();

async function collect() {
  // One behind the other without a pause: nothing arrives in between.
  const [requests] = await Promise.all([azure.requests(), azure.requests.clear()]);
  for (const { target, at, status } of requests) {
    if (target !== 'vault') continue;
    const second = Math.floor(at.getTime() / 1000);
    const counts = seconds.get(second) ?? [0, 0, 0];
    counts[0]++;
    if (status === 200) counts[1]++;
    if (status === 429) counts[2]++;
    seconds.set(second, counts);
  }
}

let collecting = Promise.resolve();
const collectInTurn = () => {
  collecting = collecting.then(collect);
  return collecting;
};
setInterval(collectInTurn, 1000);

const operations = {
  throttle: (throttle) => shop.throttle(throttle),
  async set(secret, generation) {
    await shop.set(secret, valueIn(secret, generation));
    return Date.now();
  },
  async fail(fault) {
    await azure.faults.add({ target: 'vault', vault: 'shop', ...fault });
    return Date.now();
  },
  async heal() {
    await azure.faults.clear();
    return Date.now();
  },
  /** The counts since the last time. */
  async traffic() {
    await collectInTurn();
    const taken = [...seconds].sort(([a], [b]) => a - b);
    seconds = new Map();
    return taken;
  },
};

process.on('message', async ({ id, op, args }) => process.send({ id, result: await operations[op](...args) }));
process.on('disconnect', () => process.exit());
process.send({ env: azure.env });
