import { type ComposedSetting, composeSettings, filesOf, type Lookup } from '../rotation/compose.js';
import type { SecretFiles } from '../rotation/files.js';
import type { Environment } from '../settings/environment.js';
import { isOwnSetting } from '../settings/names.js';
import { type Plan, planSettings } from '../settings/plan.js';
import type { Clock } from '../support/clock.js';
import { type Config, readConfig } from '../support/config.js';
import { BootstrapError, type SettingFailure, settingFailure } from '../support/errors.js';
import { type Moment, momentOf } from '../support/moment.js';
import type { BootstrapOptions } from '../support/options.js';
import { nearestOwnSetting } from '../support/own-settings.js';
import { printsTraffic } from '../support/platform.js';
import { sdkAnchors } from '../support/sdk-loader.js';
import type { ReadResults } from '../vault/client.js';
import { inFunctionsWorker } from './functions-host.js';
import type { Job } from './job.js';
import { createLazyClient, type LazyClient, type LazyClientOptions } from './lazy-client.js';
import { checkNodeVersion } from './node-version.js';

/** One start: what is configured, what is to be done, and with what. */
export interface Session {
  readonly config: Config;
  readonly plan: Plan;
  readonly client: LazyClient;
  readonly job: Job;
  /** What a start before this one has read, and this one need not. */
  readonly known: ReadResults;
  readonly began: Moment;
}

export interface SessionInput {
  /** Where the references stand. */
  readonly env: Environment;
  /** Where the configuration stands and the identity comes from: the real environment, always. */
  readonly realEnv: () => Environment;
  readonly options: BootstrapOptions;
  readonly clock: Clock;
  /** The start before this one in the same process. */
  readonly earlier?: { readonly session: Session; readonly known: ReadResults };
  /** Whose tokens to use. Default: its own. */
  readonly tokensOf?: LazyClientOptions['tokensOf'];
}

/**
 * Environment -> parse -> plan. Asks nothing yet.
 *
 * @throws BootstrapError for malformed settings and options of our own, and for a Node that is too old.
 */
export function openSession({ env, realEnv, options, clock, earlier, tokensOf }: SessionInput): Session {
  checkNodeVersion();
  const began = momentOf(clock);
  const config = readConfig(realEnv(), options, inFunctionsWorker(realEnv()));
  const plan = planSettings(env, config, began.wallMs);
  const anchors = sdkAnchors();
  const needed = new Set(plan.settings.filter((s) => s.readAtStart && !s.failure).flatMap((s) => s.reads));
  const known = earlier?.known ?? new Map();
  const client =
    earlier && isSame(earlier.session.config, config)
      ? earlier.session.client
      : createLazyClient({ config, clock, env: realEnv, sdkAnchors: anchors, tokensOf });
  const throws = config.onError === 'throw';
  return {
    config,
    plan,
    client,
    known,
    began,
    job: {
      reads: [...plan.reads.values()].filter(({ key }) => needed.has(key) && !known.has(key)),
      config,
      sdkAnchors: anchors,
      deadlineMs: began.monotonicMs + config.timeoutMs,
      failFast: throws,
      tokens: client.seeds(),
      isDoomed: throws && plan.settings.some(({ failure }) => failure !== undefined),
    },
  };
}

/** Then the tokens in hand are as good as new ones. */
function isSame(a: Config, b: Config): boolean {
  return process.getBuiltinModule('node:util').isDeepStrictEqual(a, b);
}

/** What a start comes to: every setting's outcome, and the error if there has to be one. Without `withFiles` none is written. */
export function concludeSession(
  { config, plan, known }: Session,
  results: ReadResults,
  withFiles?: SecretFiles['place'],
): { composed: readonly ComposedSetting[]; error?: BootstrapError } {
  const lookup: Lookup = (key) => results.get(key) ?? known.get(key);
  const composed = withFiles
    ? withFiles((pathOf) => composeSettings(plan, lookup, pathOf), filesOf)
    : composeSettings(plan, lookup);
  const failures: SettingFailure[] = [];
  composed.forEach(({ planned, outcome }) => {
    if (outcome.kind === 'failed') failures.push(settingFailure(planned.setting, outcome.failure));
  });
  const fatal = config.onError === 'throw' && failures.length > 0;
  return { composed, ...(fatal && { error: new BootstrapError(failures) }) };
}

/** What Node or a proxy would show of our traffic, or what the user has relaxed: said at every start. */
export function warningsAbout(env: Environment): readonly string[] {
  const warnings = Object.keys(env)
    .filter((name) => name.startsWith('VAULTSTRAP_') && !isOwnSetting(name))
    .map((name) => {
      const meant = nearestOwnSetting(name);
      return `${name} is no setting of vaultstrap and has no effect${meant ? `: did you mean ${meant}?` : '.'}`;
    });
  if (printsTraffic(env)) {
    warnings.push("NODE_DEBUG prints request headers, with tokens: remove it outside of a developer's machine.");
  }
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    warnings.push(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is not heeded here: the certificates of vaults are verified all the same.',
    );
  }
  return warnings;
}
