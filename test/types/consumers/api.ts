// What a consumer may and may not write. Type-checked only, by several versions of TypeScript, under several ways
// of resolving modules (../types.test.ts). An @ts-expect-error that is not needed is an error, too.
import 'vaultstrap/register';
import 'vaultstrap/start';
import 'vaultstrap/preload';
import {
  type BootstrapError,
  type BootstrapOptions,
  bootstrap,
  bootstrapSync,
  type Code,
  type Credential,
  close,
  credential,
  isVaultstrapError,
  type LogLevel,
  type Origin,
  onRotated,
  type RefreshResult,
  type Report,
  type Resolution,
  type Rotation,
  type RotationListener,
  refresh,
  report,
  requireSettings,
  resolve,
  type SafeCause,
  type SettingFailure,
  type SettingReport,
  type Status,
  start,
  VaultstrapError,
  withFreshSecret,
} from 'vaultstrap';
import { type Emulator, EmulatorError, type EmulatorOptions, type Fault, startEmulator } from 'vaultstrap/testing';

/** True only when both are the same type; `any` is the same as nothing but itself. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

export async function starts(): Promise<void> {
  const options: BootstrapOptions = {
    enabled: true,
    ignore: ['A'],
    identity: 'system',
    onError: 'unset',
    onRevoked: 'keep',
    timeoutSeconds: 5,
    refreshSeconds: 0,
    settleSeconds: 30,
    concurrency: 16,
    client: 'sdk',
    vaultSuffix: 'vault.azure.cn',
    allowedHosts: ['localhost:8443'],
    log: 'debug',
  };
  const awaited = await bootstrap(options);
  same<typeof awaited, Report>();
  const blocked = bootstrapSync();
  same<typeof blocked, Report>();
  const begun = start();
  same<typeof begun, void>();
  const closed = close();
  same<typeof closed, Promise<void>>();

  // What may be missing is passed on as it is, also under exactOptionalPropertyTypes.
  const id: string | undefined = [''].pop();
  await bootstrap({ identity: id, timeoutSeconds: undefined });
  credential({ identity: id });
  // @ts-expect-error no such option
  await bootstrap({ timeoutMs: 5 });
  // @ts-expect-error a number of seconds
  await bootstrap({ timeoutSeconds: '5' });
  // @ts-expect-error no such way
  bootstrapSync({ onError: 'ignore' });
  // @ts-expect-error names, not one string
  start({ ignore: 'A,B' });
  // @ts-expect-error read only
  options.log = 'warn';
}

export async function resolves(): Promise<void> {
  const env: { [name: string]: string | undefined } = {};
  const named = await resolve({ A: '@KeyVault(VaultName=v;SecretName=s)', B: undefined });
  same<typeof named.values, { readonly A: string; readonly B: string }>();
  // @ts-expect-error not asked for
  void named.values.C;
  interface Config {
    readonly url: string;
    readonly key?: string;
  }
  const config: Config = { url: '' };
  const { url }: { readonly url: string } = (await resolve(config)).values;
  void url;
  const resolution = await resolve(env);
  same<typeof resolution, Resolution>();
  const { A }: Readonly<Record<string, string>> = resolution.values;
  same<typeof resolution.report, Report>();
  void A;
  // @ts-expect-error settings are text
  await resolve({ A: 1 });
  // @ts-expect-error read only
  resolution.values['A'] = '';
}

export function reports(): void {
  const { status, generation, identity, requests, settings, durationMs } = report();
  same<typeof status, 'idle' | 'ready' | 'degraded' | 'failed'>();
  same<typeof generation, number>();
  same<typeof durationMs, number | undefined>();
  const source: string | undefined = identity?.source;
  const sum: number = requests.token + requests.vault + requests.unauthorized;
  const [first] = settings;
  if (first) {
    const one: SettingReport = first;
    same<typeof one.status, Status>();
    same<typeof one.origin, Origin>();
    same<typeof one.pinned, boolean>();
    // @ts-expect-error a report has no value
    void one.value;
  }
  void [source, sum];
  // @ts-expect-error read only
  settings.push();
}

export function requires(name: string): void {
  const { DB_URL, API_KEY } = requireSettings('DB_URL', 'API_KEY');
  same<typeof DB_URL, string>();
  same<typeof API_KEY, string>();
  const both = requireSettings('DB_URL', 'API_KEY');
  same<keyof typeof both, 'DB_URL' | 'API_KEY'>();
  // @ts-expect-error not asked for
  void both.OTHER;
  // @ts-expect-error read only
  both.DB_URL = '';
  const names = ['A', 'B'] as const;
  same<keyof ReturnType<typeof requireSettings<'A' | 'B'>>, 'A' | 'B'>();
  const listed: { readonly A: string; readonly B: string } = requireSettings(...names);
  const any: { readonly [name: string]: string } = requireSettings(name);
  void [listed, any];
  // @ts-expect-error names, not a list of them
  requireSettings(['DB_URL']);
  // @ts-expect-error names are text
  requireSettings(1);
}

export function rotates(): void {
  const listener: RotationListener = ({ generation, changed }) => {
    same<typeof generation, number>();
    for (const { setting, fromVersion, toVersion, regressed } of changed) {
      same<typeof setting, string>();
      same<typeof fromVersion, string | undefined>();
      same<typeof toVersion, string | undefined>();
      same<typeof regressed, true | undefined>();
    }
    // @ts-expect-error names and versions, never values
    void changed[0]?.value;
  };
  const remove: () => void = onRotated(listener);
  onRotated('DB_URL', async (rotation: Rotation) => void rotation);
  onRotated('DB_URL', (rotation) => void rotation.generation);
  // What it returns is its own affair.
  onRotated('DB_URL', () => new Set<string>().delete('DB_URL'));
  onRotated('DB_URL', () => Promise.resolve(1));
  remove();
  // @ts-expect-error a setting without a listener
  onRotated('DB_URL');
  // @ts-expect-error the setting comes first
  onRotated(listener, 'DB_URL');
  // @ts-expect-error one setting
  onRotated(['DB_URL'], listener);
  // @ts-expect-error nothing
  onRotated();
}

export async function refreshes(): Promise<void> {
  const result = await refresh({ signal: new AbortController().signal });
  same<typeof result, RefreshResult>();
  same<typeof result.failed, readonly string[]>();
  await refresh();
  // @ts-expect-error a signal, not a controller
  await refresh({ signal: new AbortController() });
}

export async function retries(): Promise<void> {
  const isAuthError = (error: unknown) => (error as { code?: string }).code === '28P01';
  const length = await withFreshSecret('DB_PASSWORD', (value) => value.length, { isAuthError });
  same<typeof length, number>();
  const awaited = await withFreshSecret('DB_PASSWORD', async (value) => [value], { isAuthError });
  same<typeof awaited, string[]>();
  await withFreshSecret('DB_PASSWORD', (value) => value, {
    isAuthError: (error) => (error as { code?: string }).code?.startsWith('28'),
  });
  // @ts-expect-error without it, every error would be retried
  await withFreshSecret('DB_PASSWORD', (value) => value);
  // @ts-expect-error without it, every error would be retried
  await withFreshSecret('DB_PASSWORD', (value) => value, {});
  // @ts-expect-error it answers yes or no
  await withFreshSecret('DB_PASSWORD', (value) => value, { isAuthError: () => 'yes' });
  // @ts-expect-error what is used is text
  await withFreshSecret('DB_PASSWORD', (value: number) => value, { isAuthError });
  // @ts-expect-error a value to use it on
  await withFreshSecret('DB_PASSWORD', { isAuthError });
}

/** `TokenCredential` of `@azure/core-auth`, as its versions have had it. */
interface TokenCredential {
  getToken(
    scopes: string | string[],
    options?: { abortSignal?: unknown; tenantId?: string },
  ): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

export async function credentials(): Promise<void> {
  const forSdk: TokenCredential = credential();
  const own: Credential = credential({ identity: 'object:00000000-0000-0000-0000-000000000000' });
  const { token, expiresOnTimestamp } = await own.getToken('https://storage.azure.com/.default');
  // As whoever passes on what an Azure client has given.
  await own.getToken('https://storage.azure.com/.default', { tenantId: 'a tenant' });
  same<typeof token, string>();
  same<typeof expiresOnTimestamp, number>();
  void forSdk;
  // @ts-expect-error the member is `identity`
  credential({ clientId: 'x' });
}

export function errors(error: unknown): void {
  if (isVaultstrapError(error)) {
    same<typeof error, VaultstrapError>();
    same<typeof error.code, Code>();
    same<typeof error.hint, string>();
    switch (error.code) {
      case 'ERR_BOOTSTRAP':
      case 'ERR_SECRET_NOT_FOUND':
        break;
      // @ts-expect-error no such code
      case 'ERR_NO_SUCH_CODE':
        break;
    }
  }
  if (error instanceof VaultstrapError && error.name === 'BootstrapError') {
    const { failures } = error as BootstrapError;
    const [failure]: readonly SettingFailure[] = failures;
    const cause: SafeCause | undefined = failure?.cause;
    void cause;
  }
}

export async function testing(): Promise<void> {
  const options: EmulatorOptions = { vaults: { shop: { password: 'x', other: { value: 'y', enabled: false } } } };
  const azure = await startEmulator(options);
  same<typeof azure, Emulator>();
  const settings: { [name: string]: string } = azure.env;
  const { version } = await azure.vault('shop').set('password', 'z');
  same<typeof version, string>();
  const fault: Fault = { target: 'vault', status: 503, times: 1 };
  await (await azure.faults.add(fault)).remove();
  const [request] = await azure.requests();
  same<NonNullable<typeof request>['status'], number | null>();
  await azure.requests.clear();
  await azure.close();
  void [settings, EmulatorError];
  // @ts-expect-error vaults are named
  await startEmulator({ vaults: ['shop'] });
  // @ts-expect-error it is one of two
  await azure.faults.add({ target: 'proxy' });
}

export const levels: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];
// @ts-expect-error no such level
export const level: LogLevel = 'trace';
