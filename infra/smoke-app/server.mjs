// The same as a web app, started as the templates say: node --import vaultstrap/preload server.mjs
import { createServer } from 'node:http';
import { facts, mayAsk } from './facts.mjs';
import { asGiven } from './raw.mjs';

const server = createServer(async (request, response) => {
  if (request.url !== '/api/smoke' || !mayAsk(request.headers['x-smoke-key'])) return response.writeHead(404).end();
  const body = JSON.stringify(await facts({ host: 'web', raw: asGiven() }));
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(body);
});

server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on ${server.address().port}`));
