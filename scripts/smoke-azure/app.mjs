// Asking the app, over and over until it answers: after a change of settings it restarts.

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {string} url of the app
 * @param {string} key of this run
 * @param {{ after?: number, patienceMs?: number, everyMs?: number }} [options] `after`: only a process that began later
 * @returns {Promise<{ facts: import('./premises.mjs').Facts, firstAnswerMs: number }>}
 */
export async function askApp(url, key, { after = 0, patienceMs = 240_000, everyMs = 3000 } = {}) {
  const until = Date.now() + patienceMs;
  let last = 'no answer';
  while (Date.now() < until) {
    const begun = performance.now();
    try {
      const answer = await fetch(new URL('/api/smoke', url), {
        headers: { 'x-smoke-key': key },
        redirect: 'error',
        signal: AbortSignal.timeout(60_000),
      });
      last = `status ${answer.status}`;
      if (answer.ok) {
        const facts = await answer.json();
        last = 'an older process answers';
        if (Number(facts?.startedAt) > after) return { facts, firstAnswerMs: performance.now() - begun };
      } else await answer.body?.cancel();
    } catch {
      last = 'no answer, or not JSON';
    }
    await pause(Math.min(everyMs, until - Date.now()));
  }
  throw new Error(`The app at ${new URL(url).host} gave no facts within ${patienceMs / 1000} s: ${last}.`);
}
