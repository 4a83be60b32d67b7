// What comes after a start, in a file of its own: loaded some seconds behind it for what is kept fresh, and sooner when
// somebody asks for the report, a credential or a fresh secret, when a value has to stand in a file, or could not be had.
// Most starts do without before the app's first line.
export { createSecretFiles } from './rotation/files.js';
export { useFreshSecret } from './rotation/fresh-secret.js';
export { createRefreshes } from './rotation/refreshes.js';
export { troubleLines } from './rotation/trouble.js';
export { askForRefresh } from './startup/ask-for-refresh.js';
export { createCredential } from './startup/credential.js';
export { idleReport } from './startup/idle-report.js';
export { listen } from './startup/listen.js';
export { linesOnMisspelt } from './startup/misspelt.js';
export { requireSettingsFrom } from './startup/require-settings.js';
export { resolveRecord } from './startup/resolve.js';
export { reportProcess, reportSession } from './startup/session-report.js';
export { mayBeLoadingSdk, replyAfterLoss, replyTooLate, replyWithoutThread } from './startup/without-thread.js';
