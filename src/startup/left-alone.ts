import { liveEnvironment } from '../settings/environment.js';
import { bareName } from '../settings/names.js';
import type { Engine } from './engine.js';

/** Whether the starts are told to leave a setting alone: what stands there is text, whatever it looks like. */
export function isLeftAlone(name: string, engine: Pick<Engine, 'options'> | undefined): boolean {
  // The option may be text as well, whatever its type says: a start takes it as it does the setting.
  const told = String(engine?.options()?.ignore ?? liveEnvironment()['VAULTSTRAP_IGNORE'] ?? '').split(',');
  return told.map((one) => one.trim()).some((one) => one === name || one === bareName(name));
}
