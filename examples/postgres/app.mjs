// An app in front of PostgreSQL: its settings hold pointers only, and its password may change at any moment.
import 'vaultstrap/register';
import { createServer } from 'node:http';
import { report } from 'vaultstrap';
import { pool, query } from './database.mjs';

const server = createServer(async (request, response) => {
  const reply = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.url === '/orders') {
      const { rows } = await query('SELECT id, item FROM orders ORDER BY id', [], { repeatable: true });
      return reply(200, rows);
    }
    if (request.url === '/report') return reply(200, report());
    return reply(404, {});
  } catch (error) {
    return reply(503, { error: error.code ?? error.name });
  }
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => process.send?.({ port: server.address().port }));

async function stop() {
  server.close();
  server.closeIdleConnections();
  await pool.end();
}
process.once('SIGTERM', stop);
process.once('disconnect', stop);
