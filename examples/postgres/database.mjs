// A pool of connections whose password may change at any moment. Copy it, and make it yours.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { onRotated, withFreshSecret } from 'vaultstrap';

/** How long a query waits while the vault and the database do not agree about the password. */
const PATIENCE_MS = Number(process.env.DB_PATIENCE_MS ?? 10_000);

/** Connections of an earlier age are not used again. */
let currentAge = 0;

class AgedClient extends pg.Client {
  // Noted before the password is asked for: a connection is at least as fresh as it says.
  age = currentAge;
}

// Host, port, user and database come from PGHOST, PGPORT, PGUSER and PGDATABASE.
export const pool = new pg.Pool({ Client: AgedClient, max: 4, password: () => process.env.DB_PASSWORD });
// A connection may end at any moment, idle or not. Its query or the pool has dealt with it by then; but without
// listeners the process would end, too.
pool.on('error', () => {});
pool.on('connect', (client) => client.on('error', () => {}));

onRotated('DB_PASSWORD', () => {
  currentAge++;
});

const isRefused = (error) => error.code === '28P01';
const isLost = (error) => !(error instanceof pg.DatabaseError) || /^(08|57P0)/.test(error.code);

/** Drains as it goes: a connection that is too old is closed instead of being used again. */
async function once(text, values) {
  let client = await pool.connect();
  while (client.age !== currentAge) {
    client.release(true);
    client = await pool.connect();
  }
  try {
    return await client.query(text, values);
  } catch (error) {
    // Where one was ended, its neighbours were, too, though they may not know it yet.
    if (isLost(error) && client.age === currentAge) currentAge++;
    throw error;
  } finally {
    client.release(client.age !== currentAge);
  }
}

/**
 * Runs one statement. A refused password is always safe to try again: nothing has run. A lost connection is not,
 * since nobody knows how far the statement got; say `repeatable` of those that may run twice.
 */
export async function query(text, values, { repeatable = false } = {}) {
  const deadline = performance.now() + PATIENCE_MS;
  let losses = 0;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    try {
      return await withFreshSecret('DB_PASSWORD', () => once(text, values), { isAuthError: isRefused });
    } catch (error) {
      if (repeatable && isLost(error) && losses++ === 0) continue;
      if (!isRefused(error) || performance.now() > deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
