import { once } from 'node:events';
import { MessageChannel, SHARE_ENV, Worker } from 'node:worker_threads';
import { onRotated } from 'vaultstrap';

// SHARE_ENV: the threads see this thread's process.env, and so each rotation. Without it they have a copy, made when they
// were started, and keep the old value for good.
const workers = [1, 2].map(() => new Worker(new URL('worker.js', import.meta.url), { env: SHARE_ENV }));

// For what was built from a value. Names only: values never travel in messages.
const rotations = new BroadcastChannel('rotations');
onRotated(({ changed }) => rotations.postMessage(changed.map(({ setting }) => setting)));

let turn = 0;

export async function run(path) {
  const { port1, port2 } = new MessageChannel();
  workers[turn++ % workers.length].postMessage({ path, reply: port2 }, [port2]);
  const [result] = await once(port1, 'message');
  port1.close();
  return result;
}
