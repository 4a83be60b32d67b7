import 'vaultstrap/register';
import { createServer } from 'node:http';

const { API_URL } = process.env;

const server = createServer(async (_request, response) => {
  response.setHeader('X-Process', process.pid);
  try {
    // Read for each call: this secret is rotated, and process.env follows.
    const headers = { Authorization: `Bearer ${process.env.API_KEY}` };
    const answer = await fetch(`${API_URL}/price`, { headers });
    response.writeHead(answer.ok ? 200 : 502, { 'Content-Type': 'application/json' }).end(await answer.text());
  } catch {
    response.writeHead(502).end();
  }
});

server.listen(Number(process.env.PORT ?? 3000));
