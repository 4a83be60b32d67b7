// In a file of its own: loaded only where something is wrong.
export { tellOfLate } from './startup/late-references.js';
