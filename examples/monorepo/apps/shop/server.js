import 'vaultstrap/register';
import { createServer } from 'node:http';
import { getPrice } from '@example/prices';

const server = createServer(async (_request, response) => {
  try {
    const body = JSON.stringify(await getPrice());
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  } catch (error) {
    response.writeHead(502).end(error.message);
  }
});

server.listen(Number(process.env.PORT ?? 3000));
