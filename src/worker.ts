// The blocking start's thread, in a file of its own that is loaded only when something blocks: it holds the
// text of the worker.
export { type OpenWorker, openWorker, type RunningJob } from './startup/worker.js';
