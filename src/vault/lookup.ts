import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];
type Answer = Parameters<Callback>;

export interface SharedLookup {
  readonly lookup: LookupFunction;
  /** The next socket asks again. */
  forget(): void;
}

/** What it throws (where a process may not ask: the permission model, somebody's replacement) is an answer, too. */
function answerTo(question: (callback: Callback) => void): Promise<Answer> {
  return new Promise<Answer>((resolve) => question((...answer) => resolve(answer))).catch((error) => [error, '']);
}

/**
 * One question for all sockets that are opened together. Node keeps no answers, and asks with four threads: two dozen
 * sockets to one vault would wait in line for the same address.
 * https://nodejs.org/api/dns.html#implementation-considerations
 */
export function createSharedLookup(
  ask: LookupFunction = (...question) => process.getBuiltinModule('node:dns').lookup(...question),
): SharedLookup {
  const answers = new Map<string, Promise<Answer>>();
  return {
    lookup(host, options, callback) {
      const key = `${host} ${JSON.stringify(options)}`;
      const shared = answers.get(key) ?? answerTo((callback) => ask(host, options, callback));
      answers.set(key, shared);
      void shared.then((answer) => {
        // A failure is everybody's who asked, and nobody's who asks later.
        if (answer[0] && answers.get(key) === shared) answers.delete(key);
        // Outside of the promise: what a listener throws is not a rejection.
        process.nextTick(callback, ...answer);
      });
    },
    forget() {
      answers.clear();
    },
  };
}
