import type { Credential, CredentialOptions } from './identity/credential.js';
import type { Report, Resolution } from './report/types.js';
import type { FreshSecretOptions, RefreshResult, RotationListener, Unsubscribe } from './rotation/types.js';
import { later } from './startup/later.js';
import { engine } from './startup/state.js';
import type { OpenWorker } from './startup/worker.js';
import { type BootstrapOptions, checkObject } from './support/options.js';

export type { Credential, CredentialOptions, CredentialToken } from './identity/credential.js';
export type { Report, Resolution, SettingReport } from './report/types.js';
export type {
  FreshSecretOptions,
  RefreshResult,
  RotatedSetting,
  Rotation,
  RotationListener,
  Unsubscribe,
} from './rotation/types.js';
export type { Origin } from './settings/origin.js';
export type { SettingFailure } from './support/errors.js';
export { BootstrapError, isVaultstrapError, VaultstrapError } from './support/errors.js';
export type { Code, SafeCause, Status } from './support/failure.js';
export type { LogLevel } from './support/log.js';
export type { BootstrapOptions } from './support/options.js';

/**
 * Resolves the references in `process.env` without blocking. All callers share one start.
 *
 * @throws BootstrapError (rejects) listing every setting that failed, unless `onError` says otherwise;
 * VaultstrapError `ERR_ALREADY_STARTED` if an earlier start had other options.
 */
export async function bootstrap(options?: BootstrapOptions): Promise<Report> {
  await engine().bootstrap(checkObject('options', options));
  return engine().report();
}

/**
 * What `import 'vaultstrap/register'` does.
 *
 * @internal
 */
export function register(worker?: OpenWorker): void {
  engine().bootstrapSync({}, worker);
}

/**
 * What `import 'vaultstrap/start'` does.
 *
 * @internal
 */
export function startEarly(worker?: OpenWorker): void {
  engine().start({}, worker);
}

/**
 * What `node --import vaultstrap/preload` does.
 *
 * @internal
 */
export function preload(): Promise<void> {
  return engine().preload();
}

/**
 * What `vaultstrap run` does: without the report, whose code it has no use for.
 *
 * @returns whether there was anything to resolve.
 * @internal
 */
export async function bootstrapOnly(): Promise<boolean> {
  await engine().bootstrap();
  return engine().hasStarted();
}

/**
 * Resolves the references in `process.env`, blocking this thread while a worker thread fetches: what
 * `import 'vaultstrap/register'` does.
 *
 * @throws as `bootstrap` does.
 */
export function bootstrapSync(options?: BootstrapOptions): Report {
  engine().bootstrapSync(checkObject('options', options));
  return engine().report();
}

/**
 * Begins to fetch in a worker thread and returns within milliseconds: what `import 'vaultstrap/start'` does. The
 * settings are missing from `process.env` until `bootstrap`, `bootstrapSync` or `vaultstrap/register` joins.
 */
export function start(options?: BootstrapOptions): void {
  engine().start(checkObject('options', options));
}

/**
 * Resolves the references in the given settings, and leaves `process.env` as it is. `VAULTSTRAP_` settings and the
 * identity still come from the environment. The values do not rotate: call it again.
 *
 * @returns `values` by the given names, and a `report`: `const { values: { KEY } } = await resolve({ KEY: '@KeyVault(...)' })`.
 * @throws BootstrapError (rejects) as `bootstrap` does.
 */
export async function resolve<N extends string>(
  settings: { readonly [K in N]?: string | undefined },
  options?: BootstrapOptions,
): Promise<Resolution<N>> {
  return engine().resolve(checkObject('settings', settings, 'required'), checkObject('options', options));
}

/**
 * Reads every secret again and applies what changed. One refresh runs at a time, and callers share the next one, so it
 * sees what was in the vault before the call. Never rejects because a secret cannot be read: the setting keeps its last
 * good value, and is listed in `failed` and in the report.
 *
 * @param options `signal` gives up waiting (rejects with its reason); the refresh itself goes on.
 */
export async function refresh(options?: { readonly signal?: AbortSignal | undefined }): Promise<RefreshResult> {
  return later().askForRefresh(checkObject('options', options)?.signal, engine);
}

/** The outcome of every setting, without values: safe to log. */
export function report(): Report {
  return engine().report();
}

/**
 * Reads several settings at once, typed: `const { DB_URL } = requireSettings('DB_URL')`.
 *
 * @throws VaultstrapError `ERR_SETTINGS_MISSING`, naming all that are missing or unresolved.
 */
export function requireSettings<N extends string>(...names: readonly N[]): { readonly [K in N]: string } {
  return later().requireSettingsFrom(names, engine());
}

/**
 * Calls back after each applied rotation, with names and versions, never values. Without a setting's name, after
 * that of any setting. Nothing waits for a listener, its runs do not overlap, and what it throws is logged (name and
 * code only). Where nothing has asked for a start 10 s later, one line of the log says that nothing will rotate.
 *
 * @returns a function that removes the listener; also disposable: `using off = onRotated(...)`.
 * @throws VaultstrapError `ERR_INVALID_OPTION` for what is no listener.
 */
export function onRotated(listener: RotationListener): Unsubscribe;
export function onRotated(setting: string, listener: RotationListener): Unsubscribe;
export function onRotated(first: string | RotationListener, second?: RotationListener): Unsubscribe {
  return later().listen(engine(), first, second);
}

/**
 * Runs `use(value)` with the setting's value. If `isAuthError` says that the value was refused, reads the secret again
 * and runs `use` once more: a rotated password costs one retry, not an error.
 *
 * @throws what `use` throws; VaultstrapError `ERR_SETTINGS_MISSING` when the setting has no value, or still holds its reference.
 */
export async function withFreshSecret<T>(
  setting: string,
  use: (value: string) => T | Promise<T>,
  options: FreshSecretOptions,
): Promise<T> {
  return later().useFreshSecret(
    setting,
    use,
    options,
    () => engine().refresh(setting),
    () => requireSettings(setting)[setting] as string,
  );
}

/**
 * The app's identity as a credential for Azure SDK clients (Storage, SQL, Service Bus, ...), with the
 * same token cache. `getToken` rejects with VaultstrapError if there is no token.
 *
 * @throws VaultstrapError `ERR_INVALID_OPTION` for a malformed identity.
 */
export function credential(options?: CredentialOptions): Credential {
  return engine().credential(checkObject('options', options));
}

/** Stops the clock and closes connections. Values stay; `refresh()` still works. */
export function close(): Promise<void> {
  return engine().close();
}
