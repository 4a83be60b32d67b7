// In a file of its own: loaded only where something is wrong.
import { tellOfLate } from './startup/late-references.js';

tellOfLate();
