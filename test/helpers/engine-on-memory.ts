// The whole engine on a vault in memory, new for each test. A file that uses it mocks the clock and the siblings.
import { afterEach, beforeEach } from 'vitest';
import { createEngine, type Engine } from '../../src/startup/engine.js';
import { removeVariables } from './environment.js';
import { NOW_MS } from './fixtures.js';
import { type MemoryVault, openVault } from './memory-vault.js';
import { time } from './time.js';

export let engine: Engine;
export let vault: MemoryVault;

/** Begins each test without settings of the tests' own, or of ours, and leaves none behind. */
export function onMemory(): void {
  const clean = () => removeVariables(/^(APPSETTING_)?VS_|^VAULTSTRAP_/);
  beforeEach(() => {
    clean();
    Object.assign(time, { nowMs: NOW_MS, monotonicMs: 0 });
    vault = openVault();
    engine = createEngine();
  });
  afterEach(async () => {
    await engine.reset();
    clean();
  });
}
