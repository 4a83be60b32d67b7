// Requests over shared connections, to a server that ends, tears and adds as it likes.
import net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createConnections } from '../../src/support/connections.js';
import { sendRequest } from '../../src/support/http.js';

/** What becomes of one request. The first three are a server's good right, at any time. */
const FAIR = ['answer', 'answer and end', 'answer and close'] as const;
const FOUL = ['add a reply', 'reset', 'tear', 'close unheard'] as const;

const reply = (body: string, header = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${header}\r\n${body}`;

const actions = (from: readonly string[]) => fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: 12 });

test('a reply is always the one to the request; and a server that ends connections between replies fails nobody', async () => {
  let plan: readonly string[] = [];
  let count = 0;
  let torn = 0;
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const path = /^GET (\S+) /.exec(bytes.toString())?.[1] ?? '?';
      const action = plan[count++ % plan.length];
      if (action === 'answer') socket.write(reply(path));
      else if (action === 'answer and end') socket.end(reply(path));
      else if (action === 'answer and close') socket.end(reply(path, 'Connection: close\r\n'));
      else if (action === 'add a reply') socket.write(reply(path) + reply('wrong'));
      else if (action === 'reset') socket.resetAndDestroy();
      else if (action === 'tear') socket.end(reply(path).slice(0, -1 - (torn++ % 20)));
      else socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;

  const run = async (each: readonly string[], requests: number, atOnce: number) => {
    plan = each;
    count = 0;
    const connections = createConnections(() => net.connect({ host: '127.0.0.1', port }));
    let next = 0;
    let lost = 0;
    const one = async () => {
      while (next < requests) {
        const path = `/${next++}`;
        const result = await sendRequest({
          connections,
          method: 'GET',
          path,
          host: 'h',
          headers: {},
          timeoutMs: 5000,
          maxBytes: 100,
        });
        if (result.ok) expect(result.reply.body).toBe(path);
        else {
          expect(result.problem.kind).toBe('network');
          lost++;
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
    connections.rest();
    return lost;
  };
  const counts = [fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5 })] as const;
  await fc.assert(
    fc.asyncProperty(actions(FAIR), ...counts, async (each, requests, atOnce) => {
      expect(await run(each, requests, atOnce)).toBe(0);
    }),
    { numRuns: 100 },
  );
  await fc.assert(
    fc.asyncProperty(actions([...FAIR, ...FOUL]), ...counts, async (each, requests, atOnce) => {
      await run(each, requests, atOnce);
    }),
    { numRuns: 100 },
  );
  await new Promise((resolve) => server.close(resolve));
});
