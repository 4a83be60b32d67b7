import { parentPort, threadId } from 'node:worker_threads';

const { API_URL } = process.env;
const connect = () => ({ headers: { Authorization: `Bearer ${process.env.API_KEY}` } });

/** Built from the secret: built anew when that is rotated. */
let client = connect();
new BroadcastChannel('rotations').onmessage = ({ data: settings }) => {
  if (settings.includes('API_KEY')) client = connect();
};

parentPort.on('message', async ({ path, reply }) => {
  try {
    const answer = await fetch(API_URL + path, client);
    reply.postMessage({ status: answer.ok ? 200 : 502, body: await answer.text(), thread: threadId });
  } catch {
    reply.postMessage({ status: 502, body: '{}', thread: threadId });
  }
});
