// The hand-written floor: one token request, GETs over 8 pooled sockets for each vault, nothing else.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');
const count = Number(process.env.BENCH_SECRETS);
const vaults = Number(process.env.BENCH_VAULTS);
const vault = new URL(process.env.VAULTSTRAP_VAULT_ENDPOINT);
const identity = new URL(process.env.IDENTITY_ENDPOINT);

const get = (transport, options) =>
  new Promise((resolve, reject) => {
    transport
      .get(options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(JSON.parse(body)));
      })
      .on('error', reject);
  });

async function main() {
  const { access_token } = await get(http, {
    host: identity.hostname,
    port: identity.port,
    path: `${identity.pathname}?api-version=2019-08-01&resource=https://vault.azure.net`,
    headers: { 'X-IDENTITY-HEADER': process.env.IDENTITY_HEADER },
  });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 8, ca: process.env.VAULTSTRAP_VAULT_CA });
  const secrets = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const name = `shop${i % vaults}.vault.azure.net`;
      return get(https, {
        agent,
        host: vault.hostname,
        port: vault.port,
        servername: name,
        path: `/secrets/s${i}?api-version=7.4`,
        headers: { Host: name, Authorization: `Bearer ${access_token}` },
      });
    }),
  );
  for (const [i, { value }] of secrets.entries()) process.env[`S${i}`] = value;
  agent.destroy();
  require('./app.cjs');
}

void main();
