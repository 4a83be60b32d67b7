// An app in front of an HTTP API: its settings hold pointers only, and its key may be revoked at any moment.
import 'vaultstrap/register';
import { createServer } from 'node:http';
import { report } from 'vaultstrap';
import { callApi } from './client.mjs';

const { API_URL } = process.env;

const server = createServer(async (request, response) => {
  const reply = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.url === '/price') {
      const answer = await callApi(`${API_URL}/price`, { method: 'POST', body: '{"item":"tea"}' });
      return reply(answer.ok ? 200 : 502, await answer.json());
    }
    if (request.url === '/report') return reply(200, report());
    return reply(404, {});
  } catch (error) {
    return reply(503, { error: error.name });
  }
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => process.send?.({ port: server.address().port }));

function stop() {
  server.close();
  server.closeIdleConnections();
}
process.once('SIGTERM', stop);
process.once('disconnect', stop);
