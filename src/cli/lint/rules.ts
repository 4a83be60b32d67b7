export type Severity = 'error' | 'warning' | 'info';

/** What each rule is about, in one line; docs/lint.md says more. */
export const RULES = {
  'reference-syntax': 'A reference that vaultstrap cannot read.',
  'protected-setting': 'A reference in a setting that steers the process, the platform or vaultstrap.',
  'template-circle': 'Templates that mention each other.',
  'template-unknown': 'A template that mentions a setting which is not there.',
  'host-reads-setting': 'A reference of ours in a setting that the Functions host reads.',
  'platform-reference': 'A value that the platform resolves and shows in Kudu.',
  'platform-reference-keys': 'A key of ours in a reference that the platform resolves.',
  'pinned-version': 'A reference with a version: it never rotates.',
  'unknown-setting': 'A VAULTSTRAP_ name that does not exist.',
  'invalid-setting': 'A VAULTSTRAP_ setting with a malformed value.',
  'impossible-setting': 'A name or a value that no environment variable can have.',
  schedule: 'A timer whose schedule names a setting that is not there.',
  'preload-in-node-options': 'A preload in NODE_OPTIONS as an app setting.',
  'plaintext-secret': 'A secret in plain text.',
  'register-missing': 'Settings hold references, and nothing resolves them.',
  'register-order': 'Files that load before the one that imports vaultstrap/register.',
  'register-not-first': 'Modules that load before vaultstrap/register.',
  'env-file-late': 'A .env file that is loaded after vaultstrap/register.',
  'bundle-reorders': 'A bundle that runs external packages before vaultstrap/register.',
  'entry-not-found': 'No file is known with which the app begins.',
  'unreadable-file': 'A file that cannot be read as what it should be.',
} as const;

export type RuleId = keyof typeof RULES;

export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(RULES, text);
}
