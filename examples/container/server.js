// Knows nothing of vaultstrap: the preload in the start command has been there before.
import { createServer } from 'node:http';

const { API_URL } = process.env;

const server = createServer(async (_request, response) => {
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
// The first process of a container is not ended by SIGTERM unless it listens for it.
process.once('SIGTERM', () => server.close());
