import type { RotationListener, Unsubscribe } from '../rotation/types.js';
import { malformed } from '../support/options.js';
import type { Engine } from './engine.js';
import { tellOfUnstartedSoon } from './late-references.js';

/** Adds a listener to one setting, or to all. */
export function listen(
  engine: Pick<Engine, 'onRotated'>,
  first: string | RotationListener,
  second: RotationListener | undefined,
): Unsubscribe {
  const [setting, listener] = typeof first === 'string' ? [first, second] : [undefined, first];
  if (typeof listener !== 'function')
    throw malformed('what onRotated was given', 'a listener, or the name of a setting and a listener');
  tellOfUnstartedSoon('onRotated() only hears of');
  return engine.onRotated(listener, setting);
}
