import pg from 'pg';
import { onRotated, withFreshSecret } from 'vaultstrap';

let currentAge = 0;
class AgedClient extends pg.Client {
  age = currentAge; // noted before the password is asked for
}
export const pool = new pg.Pool({ Client: AgedClient, max: 4, password: () => process.env.DB_PASSWORD });
pool.on('error', () => {}); // an idle connection was ended; without this the process ends
onRotated('DB_PASSWORD', () => {
  currentAge++;
});

async function once(text, values) {
  const client = await pool.connect();
  try {
    return await client.query(text, values);
  } finally {
    client.release(client.age !== currentAge); // true: close it
  }
}
export const query = (text, values) =>
  withFreshSecret('DB_PASSWORD', () => once(text, values), { isAuthError: (error) => error.code === '28P01' });
