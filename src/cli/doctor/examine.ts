import { createVaultClient } from '../../client.js';
import { composeSettings } from '../../rotation/compose.js';
import type { Environment } from '../../settings/environment.js';
import { type Plan, planSettings, type SecretRead } from '../../settings/plan.js';
import type { Clock } from '../../support/clock.js';
import type { Config } from '../../support/config.js';
import { succeed } from '../../support/failure.js';
import { held } from '../../support/held.js';
import { printIdentity } from '../../support/identity-selector.js';
import { sdkAnchors } from '../../support/sdk-loader.js';
import { resourceForHost } from '../../vault/host.js';
import { mayList } from '../../vault/list.js';
import { proxyApplies } from '../../vault/proxy.js';
import { type Finding, unknown } from './finding.js';
import { lookAt } from './look.js';
import { examineWay } from './network.js';
import { examineOwnSettings } from './own-settings.js';
import { examineReferences, hintOfSsh } from './references.js';
import { examineRight } from './rights.js';
import { examineRuntime, type Runtime } from './runtime.js';
import { examineClock, examineReads } from './secrets.js';
import { examineSource } from './source.js';
import { type AskedToken, examineToken, principalOf } from './token.js';

export interface Examination {
  readonly env: Environment;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly list: boolean;
  /** What to do where references stand in files that were not read. */
  readonly unread?: string | undefined;
}

/** Second tries are for a start: here a hiccup is worth a moment, an outage is the finding. */
const RETRY_MS = 3000;
const LOOK_MS = 5000;

/** Goes the way from the process to its secrets, and tells of each step. Never rejects for what it finds. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { env, runtime, clock } = examination;
  const { config, findings } = examineOwnSettings(env);
  const first = [...examineRuntime(runtime, env), ...findings];
  if (!config) return [...first, unknown('references', 'not looked at: mend the settings first. Nothing was sent.')];
  const plan = planSettings(env, config, clock.now());
  const known = [
    ...first,
    ...examineReferences(plan, examination.unread ?? hintOfSsh(env)),
    ...examineSource(env, config),
  ];
  return [...known, ...(await held(goThere(plan, config, examination)))];
}

async function goThere(plan: Plan, config: Config, examination: Examination): Promise<readonly Finding[]> {
  const { env, clock, timeoutMs, list } = examination;
  const deadlineMs = clock.monotonic() + timeoutMs;
  // A part of the time each, so that there is some left for what comes behind it.
  const within = (share: number) => {
    const nowMs = clock.monotonic();
    const endMs = Math.min(deadlineMs, nowMs + timeoutMs * share);
    return { deadlineMs: endMs, retryUntilMs: Math.min(endMs, nowMs + RETRY_MS) };
  };
  const client = createVaultClient({ config, clock, env: () => env, sdkAnchors: sdkAnchors() });
  const allowed = [...plan.reads.values()].filter(({ host }) => resourceForHost(host, config).ok);
  const hosts = [...new Set(allowed.map(({ host }) => host))];

  const [asked, ways] = await Promise.all([
    Promise.all(
      wanted(plan, config).map(
        async ({ identity, resource }): Promise<AskedToken> => ({
          identity,
          resource,
          result: await client.tokens.get(resource, identity, within(0.6)),
        }),
      ),
    ),
    Promise.all(hosts.map((host) => examineHost(host, config, env, Math.min(LOOK_MS, timeoutMs / 2)))),
  ]);
  const tokenFor = ({ host, identity }: Pick<SecretRead, 'host' | 'identity'>) => {
    const resource = resourceForHost(host, config);
    const one = asked.find((token) => token.resource === (resource.ok && resource.value) && same(token, { identity }));
    return one?.result.ok ? one.result.value : undefined;
  };

  const results = await client.readAll(plan.reads.values(), { ...within(1), failFast: false });
  const readAtMs = clock.now();
  const unreachable = new Set(hosts.filter((_, i) => ways[i]?.some(({ verdict }) => verdict === 'bad')));
  const pairs = allowed.filter(
    (read, i) => allowed.findIndex((other) => other.host === read.host && same(other, read)) === i,
  );
  const rights = list
    ? await Promise.all(
        pairs.flatMap(({ host, identity }) => {
          const token = tokenFor({ host, identity });
          const isDirect = config.vaultEndpoint !== undefined || !proxyApplies(env, host);
          if (!token || unreachable.has(host) || !isDirect) return [];
          const leftMs = Math.max(1, deadlineMs - clock.monotonic());
          return mayList(host, token, config, Math.min(LOOK_MS, leftMs)).then((answer) =>
            examineRight({ host, identity, answer }),
          );
        }),
      )
    : [];
  client.rest();
  return [
    ...asked.map((one) => examineToken(one, clock.now())),
    ...ways.flat(),
    ...examineReads({
      plan,
      results,
      composed: composeSettings(
        plan,
        (key) => results.get(key),
        // Nothing is written here.
        () => succeed('file'),
      ),
      principalOf: (read) => {
        const token = tokenFor(read);
        return token && principalOf(token);
      },
      unreachable,
      nowMs: readAtMs,
    }),
    ...examineClock(results, readAtMs),
    ...rights,
  ];
}

/** One token per identity and cloud; the default identity's where nothing is to be read. */
function wanted(plan: Plan, config: Config): readonly Pick<AskedToken, 'identity' | 'resource'>[] {
  const all = [...plan.reads.values()].flatMap(({ host, identity }) => {
    const resource = resourceForHost(host, config);
    return resource.ok ? [{ identity, resource: resource.value }] : [];
  });
  if (all.length === 0) return [{ identity: config.identity, resource: `https://${config.vaultSuffix}` }];
  return all.filter((one, i) => all.findIndex((other) => other.resource === one.resource && same(other, one)) === i);
}

function same(a: Pick<SecretRead, 'identity'>, b: Pick<SecretRead, 'identity'>): boolean {
  return printIdentity(a.identity) === printIdentity(b.identity);
}

async function examineHost(
  host: string,
  config: Config,
  env: Environment,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  const { vaultEndpoint: endpoint, vaultCa: ca } = config;
  if (!endpoint && proxyApplies(env, host)) {
    return [unknown('network', 'a proxy (HTTPS_PROXY) stands before it: not looked at.', { about: host })];
  }
  return examineWay(host, await lookAt(host, { endpoint, ca, timeoutMs }));
}
