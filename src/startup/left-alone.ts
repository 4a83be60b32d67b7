import { liveEnvironment } from '../settings/environment.js';
import { bareName } from '../settings/names.js';
import type { Engine } from './engine.js';

/** Whether the starts are told to leave a setting alone: what stands there is text, whatever it looks like. */
export function isLeftAlone(name: string, engine: Pick<Engine, 'options'> | undefined): boolean {
  const told = engine?.options()?.ignore ?? liveEnvironment()['VAULTSTRAP_IGNORE']?.split(',') ?? [];
  return told.map((one) => one.trim()).some((one) => one === name || one === bareName(name));
}
