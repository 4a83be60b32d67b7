import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];
type Answer = Parameters<Callback>;

export interface SharedLookup {
  readonly lookup: LookupFunction;
  /** The next socket asks again. */
  forget(): void;
}

/**
 * One question for all sockets that are opened together. Node keeps no answers, and asks with four threads: two dozen
 * sockets to one vault would wait in line for the same address.
 * https://nodejs.org/api/dns.html#implementation-considerations
 */
export function createSharedLookup(
  ask: LookupFunction = (...question) => process.getBuiltinModule('node:dns').lookup(...question),
): SharedLookup {
  let answers = new Map<string, Promise<Answer>>();
  return {
    lookup(host, options, callback) {
      const key = `${host} ${JSON.stringify(options)}`;
      const shared = answers.get(key) ?? new Promise<Answer>((resolve) => ask(host, options, (...a) => resolve(a)));
      answers.set(key, shared);
      void shared.then((answer) => {
        // A failure is everybody's who asked, and nobody's who asks later.
        if (answer[0] && answers.get(key) === shared) answers.delete(key);
        // Outside of the promise: what a listener throws is not a rejection.
        process.nextTick(callback, ...answer);
      });
    },
    forget() {
      answers = new Map();
    },
  };
}
