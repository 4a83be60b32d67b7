import { getBuiltinModule } from './builtin.js';

/**
 * As they are now, and not the global ones: an app's tests put clocks of their own in their place, on which no reply ever
 * comes, and which the thread at work does not share.
 */
export const { setTimeout, clearTimeout, setImmediate } = getBuiltinModule('node:timers');
