// An HTTP API behind a key that may be revoked at any moment. Copy it, and make it yours.
import { setTimeout as sleep } from 'node:timers/promises';
import { withFreshSecret } from 'vaultstrap';

/** How long a call waits while the vault and the API do not agree about the key. */
const PATIENCE_MS = Number(process.env.API_PATIENCE_MS ?? 10_000);

class KeyRefused extends Error {
  name = 'KeyRefused';
}

/** `fetch` throws nothing for a 401, and `withFreshSecret` sees only what is thrown. */
async function once(key, url, init) {
  const headers = new Headers(init?.headers);
  headers.set('Authorization', `Bearer ${key}`);
  const response = await fetch(url, { ...init, headers });
  if (response.status !== 401) return response;
  await response.body?.cancel();
  throw new KeyRefused('the API refused the key (401)');
}

/** `fetch` with the key of the day. A body is sent anew with each try: text or bytes, not a stream. */
export async function callApi(url, init) {
  const isAuthError = (error) => error instanceof KeyRefused;
  const deadline = performance.now() + PATIENCE_MS;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    try {
      return await withFreshSecret('API_KEY', (key) => once(key, url, init), { isAuthError });
    } catch (error) {
      if (!isAuthError(error) || performance.now() > deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
