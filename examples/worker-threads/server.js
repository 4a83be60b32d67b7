import 'vaultstrap/register';
import { createServer } from 'node:http';
import { run } from './pool.js';

const server = createServer(async (_request, response) => {
  const { status, body, thread } = await run('/price');
  response.writeHead(status, { 'Content-Type': 'application/json', 'X-Thread': thread }).end(body);
});

server.listen(Number(process.env.PORT ?? 3000));
