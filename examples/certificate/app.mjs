// An HTTPS server whose certificate lives in Key Vault, and is renewed without a restart.
import 'vaultstrap/register';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { onRotated } from 'vaultstrap';

/** One PEM text holds the certificate, its chain and the private key. */
function certificate() {
  const pem = readFileSync(process.env.TLS_FILE);
  return { cert: pem, key: pem };
}

const server = createServer(certificate(), (_request, response) => response.end('hello\n'));

// Who connects from now on sees the new one; connections that are open go on as they are.
onRotated('TLS_FILE', () => server.setSecureContext(certificate()));

server.listen(Number(process.env.PORT ?? 8443), () => process.send?.({ port: server.address().port }));

// A signal that nobody handles ends a process at once, and leaves its files where they are.
function stop() {
  server.close();
  server.closeAllConnections();
}
process.once('SIGTERM', stop);
process.once('disconnect', stop);
