import { createEngine, type Engine } from './engine.js';
import { existingEngine, installEngine } from './slot.js';

/**
 * The engine of this process: one, however the package was loaded (ESM, CommonJS, two copies of it). Its
 * functions are the contract between copies that share the number in the symbol.
 */
export function engine(): Engine {
  return existingEngine() ?? installEngine(createEngine());
}
