// A real PostgreSQL server from Debian's packages, for one test file: a folder of its own, a free port, no socket file.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../helpers/free-port.js';
import { until } from '../../helpers/until.js';

export const HOW_TO_INSTALL =
  'no PostgreSQL server below /usr/lib/postgresql (apt-get update && apt-get install -y --no-install-recommends postgresql)';

const INSTALLED = '/usr/lib/postgresql';

/** Where `initdb` and `postgres` are, of the newest version; `undefined`, and a line that says so, when there are none. */
export function findPostgres(): string | undefined {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const bin = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => path.join(INSTALLED, version, 'bin'))
    .find((folder) => ['initdb', 'postgres'].every((program) => existsSync(path.join(folder, program))));
  if (!bin) console.warn(`examples/postgres is not tested: ${HOW_TO_INSTALL}`);
  return bin;
}

/** What is used of the client of `pg`, which comes without types. */
export interface Client {
  connect(): Promise<unknown>;
  query<Row>(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
  escapeLiteral(text: string): string;
  end(): Promise<void>;
}

export interface Postgres {
  readonly port: number;
  /** Another session of the administrator. */
  admin(): Promise<Client>;
  /** As anybody; not connected yet. */
  client(user: string, password: string): Client;
  /** How many log-ins the server has refused because of the password, by its own log. */
  refusals(): number;
  stop(): Promise<void>;
}

const pg = createRequire(import.meta.url)('pg') as { Client: new (options: object) => Client };
const DATABASE = 'postgres';
const ADMIN = 'admin';

export async function startPostgres(bin: string): Promise<Postgres> {
  // PostgreSQL refuses to run as root; Debian's package brings a user for it.
  const owner = process.getuid?.() === 0 ? someoneElse() : undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-postgres-'));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const adminPassword = 'of the administrator';
  writeFileSync(passwordFile, adminPassword);
  const env = { PATH: process.env['PATH'], LC_ALL: 'C' };
  const options = { cwd: folder, env, ...owner };

  const initdb = [
    '-D',
    data,
    '-U',
    ADMIN,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-sync',
  ];
  execFileSync(path.join(bin, 'initdb'), initdb, { ...options, stdio: 'pipe' });

  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    fsync: 'off',
    max_connections: '30',
    log_line_prefix: '',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(path.join(bin, 'postgres'), ['-D', data, ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const closed = once(server, 'close');
  const abandon = () => server.kill('SIGQUIT');
  process.once('exit', abandon);

  async function stop(): Promise<void> {
    await end(server, closed);
    process.off('exit', abandon);
    rmSync(folder, { recursive: true, force: true });
  }

  const client = (user: string, password: string) =>
    new pg.Client({ host: '127.0.0.1', port, database: DATABASE, user, password });
  try {
    await until(() => {
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}:\n${log}`);
      return log.includes('ready to accept connections');
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    client,
    async admin() {
      const session = client(ADMIN, adminPassword);
      await session.connect();
      return session;
    },
    refusals: () => log.split('password authentication failed').length - 1,
    stop,
  };
}

/** `postgres` where Debian's package has made it, else `nobody`. */
function someoneElse(): { uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8');
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+)/m.exec(users) ?? /^nobody:[^:]*:(\d+):(\d+)/m.exec(users) ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Fast shutdown by its pid: sessions are ended. The hard way after ten seconds. */
async function end(server: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (server.exitCode === null) server.kill('SIGINT');
  const late = setTimeout(() => server.kill('SIGQUIT'), 10_000);
  await closed;
  clearTimeout(late);
}
