// A small web app. Its settings hold pointers only; the first line turns them into values.
import 'vaultstrap/register';
import { createServer } from 'node:http';
import { refresh, report } from 'vaultstrap';

const { PAYMENT_URL } = process.env;

const server = createServer(async (request, response) => {
  const reply = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  switch (request.url) {
    case '/pay': {
      // The app needs its secret to do its work: the payment service accepts the current key only.
      const answer = await fetch(PAYMENT_URL, { headers: { Authorization: `Bearer ${process.env.PAYMENT_KEY}` } });
      return reply(answer.ok ? 200 : 502, { payment: answer.ok ? 'accepted' : 'refused', upstream: answer.status });
    }
    case '/database':
      return reply(200, {
        host: new URL(process.env.DATABASE_URL).host,
        password: new URL(process.env.DATABASE_URL).password,
      });
    case '/report':
      return reply(200, report());
    case '/refresh':
      return reply(200, await refresh());
    default:
      return reply(404, {});
  }
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit());
