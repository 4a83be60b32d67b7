import type { Engine } from './engine.js';

const STATE = Symbol.for('vaultstrap/1');
const place = globalThis as { [STATE]?: Engine };

/** The engine of this process, if there is one yet. */
export function existingEngine(): Engine | undefined {
  return place[STATE];
}

/** The first copy's engine serves all: it cannot be replaced. */
export function installEngine(engine: Engine): Engine {
  Object.defineProperty(place, STATE, { value: Object.freeze(engine) });
  return engine;
}
