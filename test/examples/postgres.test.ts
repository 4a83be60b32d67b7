// examples/postgres against a real PostgreSQL server: the password is revoked under load, and no request fails.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/testing/index.js';
import { until } from '../helpers/until.js';
import { canary } from '../process/support/canary.js';
import { type ExampleApp, startExample } from './support/app.js';
import { type Load, startLoad } from './support/load.js';
import { type Client, findPostgres, HOW_TO_INSTALL, type Postgres, startPostgres } from './support/postgres.js';
import { type ResettingProxy, startProxy } from './support/proxy.js';

const bin = findPostgres();
/** Of the example's pool. */
const CONNECTIONS = 4;
const ROLE = 'app';
const OFF = '0';

describe.skipIf(!bin)(`examples/postgres${bin ? '' : `: SKIPPED, ${HOW_TO_INSTALL}`}`, () => {
  let postgres: Postgres;
  let admin: Client;
  let azure: Emulator;
  let app: ExampleApp;
  let load: Load;
  let proxy: ResettingProxy | undefined;
  let oldPassword: string;
  let newPassword: string;
  let refusalsBefore: number;

  beforeAll(async () => {
    [postgres, azure] = await Promise.all([startPostgres(bin as string), startEmulator({ vaults: { shop: {} } })]);
    admin = await postgres.admin();
    await admin.query(`CREATE ROLE ${ROLE} LOGIN`);
    await admin.query(`CREATE TABLE orders (id int PRIMARY KEY, item text); INSERT INTO orders VALUES (1, 'tea')`);
    await admin.query(`GRANT SELECT ON orders TO ${ROLE}`);
  });
  afterAll(async () => {
    await admin?.end();
    await Promise.all([postgres?.stop(), azure?.close()]);
  });

  beforeEach(async () => {
    oldPassword = `${canary('old')} 'pa$$w0rd' %41`;
    newPassword = `${canary('new')} "pa$$w0rd" %42`;
    await changeInDatabase(oldPassword);
    await changeInVault(oldPassword);
  });
  afterEach(async () => {
    await load?.stop();
    await app?.stop();
    await proxy?.stop();
    proxy = undefined;
  });

  const changeInDatabase = (password: string) =>
    admin.query(`ALTER ROLE ${ROLE} PASSWORD ${admin.escapeLiteral(password)}`);
  const changeInVault = (password: string) => azure.vault('shop').set('db-password', password);
  const refusals = () => postgres.refusals() - refusalsBefore;

  async function start({ refreshSeconds = OFF, patienceMs = '10000', port = postgres.port } = {}): Promise<void> {
    app = await startExample('postgres', {
      ...azure.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: ROLE,
      PGDATABASE: 'postgres',
      DB_PASSWORD: '@KeyVault(VaultName=shop;SecretName=db-password)',
      DB_PATIENCE_MS: patienceMs,
      VAULTSTRAP_REFRESH_SECONDS: refreshSeconds,
    });
    refusalsBefore = postgres.refusals();
    load = startLoad(app.url('/orders'));
    await load.progress();
    await until(async () => (await sessions()).length === CONNECTIONS);
  }

  async function sessions(more = ''): Promise<readonly number[]> {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE usename = '${ROLE}' ${more}`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** Runs `change`, which may end the app's connections, while every one of them is in the middle of a query. */
  async function midQuery(change: () => Promise<unknown>): Promise<void> {
    const locker = await postgres.admin();
    await locker.query('BEGIN; LOCK TABLE orders');
    const inFlight = async () => (await sessions(`AND wait_event_type = 'Lock'`)).length;
    await until(async () => (await inFlight()) === CONNECTIONS);
    await change();
    await locker.query('COMMIT');
    await locker.end();
  }

  async function endSessions(): Promise<void> {
    const { rows } = await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ROLE}'`,
    );
    expect(rows).toHaveLength(CONNECTIONS);
  }

  async function expectNoFailure(): Promise<void> {
    await load.progress();
    expect(await load.stop()).toEqual([]);
    expect(await app.report()).toMatchObject({ status: 'ready', generation: 2 });
    const late = postgres.client(ROLE, oldPassword);
    await expect(late.connect()).rejects.toMatchObject({ code: '28P01' });
  }

  describe('by the clock of the process', () => {
    test('database first: the connections there are go on, and are replaced once the vault has the new one', async () => {
      await start({ refreshSeconds: '1' });
      const before = await sessions();
      await changeInDatabase(newPassword);
      await load.progress();
      expect(await sessions()).toEqual(expect.arrayContaining([...before]));
      await changeInVault(newPassword);
      await until(async () => (await sessions()).every((pid) => !before.includes(pid)));
      // A session that was there already is not asked for its password again.
      expect(refusals()).toBe(0);
      await expectNoFailure();
    });

    test('vault first: new connections are refused until the database has it, and the queries wait', async () => {
      await start({ refreshSeconds: '1' });
      await changeInVault(newPassword);
      await until(() => refusals() > 0);
      await changeInDatabase(newPassword);
      await expectNoFailure();
    });
  });

  describe('without a clock, all sessions ended in the middle of a query', () => {
    test('vault first: the refused log-in fetches the new one', async () => {
      await start();
      await midQuery(async () => {
        await changeInVault(newPassword);
        await changeInDatabase(newPassword);
        await endSessions();
      });
      await expectNoFailure();
      expect(refusals()).toBeGreaterThan(0);
    });

    test('database first, with nothing to log in with for a while: the queries wait', async () => {
      await start();
      await midQuery(async () => {
        await changeInDatabase(newPassword);
        await endSessions();
      });
      // Some that read the vault, and were refused again.
      await until(() => refusals() > 3 * CONNECTIONS);
      await changeInVault(newPassword);
      await expectNoFailure();
    });
  });

  test('sessions ended while nothing is asked of them: the process lives on, and logs in anew', async () => {
    await start();
    await load.stop();
    await changeInVault(newPassword);
    await changeInDatabase(newPassword);
    await endSessions();
    await until(async () => (await sessions()).length === 0);
    load = startLoad(app.url('/orders'));
    await expectNoFailure();
  });

  test('every connection reset on the way, without a word from the server: a failover', async () => {
    proxy = await startProxy(postgres.port);
    await start({ port: proxy.port });
    await midQuery(async () => {
      await changeInVault(newPassword);
      await changeInDatabase(newPassword);
      proxy?.resetAll();
    });
    await expectNoFailure();
  });

  test('a gap longer than the patience is not survived: the refusal is passed on, and heals with the vault', async () => {
    await start({ patienceMs: '0' });
    await midQuery(async () => {
      await changeInDatabase(newPassword);
      await endSessions();
    });
    await until(() => load.failures.length > 0);
    await changeInVault(newPassword);
    await load.progress();
    expect([...new Set(await load.stop())]).toEqual(['503 {"error":"28P01"}']);
    load = startLoad(app.url('/orders'));
    await expectNoFailure();
  });
});
