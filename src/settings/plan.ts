import type { Config } from '../support/config.js';
import { type Failure, fact } from '../support/failure.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import type { Environment } from './environment.js';
import { mayRefer } from './may-refer.js';
import { bareName, isProtected, isRecord, namesOf } from './names.js';
import { orderSettings } from './order.js';
import type { Origin } from './origin.js';
import type { ReferenceProblem } from './params.js';
import { readPlatformRecord } from './platform-record.js';
import { type InheritedEntry, readProvenance } from './provenance.js';
import type { SecretReference } from './reference.js';
import { isInFile, isReference, MARKER, type Segment, scanValue } from './scan.js';

/** One secret to read, however many settings use it. */
export interface SecretRead extends Pick<SecretReference, 'host' | 'vault' | 'secret' | 'version' | 'format'> {
  /** Identifies the read: the same secret, version, form and identity. */
  readonly key: string;
  readonly identity: IdentitySelector;
  /** Every reference to it has a `Default` or is `Optional`. */
  readonly mayBeAbsent: boolean;
}

/** One setting that is ours, and what it is made of. */
export interface PlannedSetting {
  readonly setting: string;
  /** The variables to write: the setting, and its `APPSETTING_` twin if there is one. */
  readonly names: readonly string[];
  readonly origin: Origin;
  /** The original text, for provenance and for `onError: 'keep'`. */
  readonly pointer: string;
  readonly segments: readonly Segment[];
  /** Keys of the reads behind the references in `segments`, in their order. */
  readonly reads: readonly string[];
  /** Settings of ours that the text mentions as `${NAME}`. */
  readonly mentions: readonly string[];
  /** Whether the text is expanded: it mentions one of them in braces, or did where the value was inherited from. */
  readonly isTemplate: boolean;
  /** The value that the environment already holds (inherited, or resolved by the platform). */
  readonly current?: string;
  /** When `current` was resolved, and which version it is, as far as they are known. */
  readonly currentSinceMs?: number;
  readonly currentVersion?: string;
  /** False when `current` is good enough to start with. */
  readonly readAtStart: boolean;
  /** Why nothing can be resolved. */
  readonly failure?: Failure;
}

export interface Plan {
  /** Templates stand behind the settings that they mention. */
  readonly settings: readonly PlannedSetting[];
  readonly reads: ReadonlyMap<string, SecretRead>;
  /** The environment that templates may mention besides resolved settings. */
  readonly env: Environment;
  readonly warnings: readonly string[];
  /** Settings with text, alone or beside references, that may have been meant as a reference (near-reference.ts). */
  readonly near: readonly string[];
}

/** How long an inherited value is believed without a question, at most. */
const INHERITED_FRESH_MS = 60_000;

/**
 * Decides what to do with every setting. Pure: the environment, the configuration and the
 * time in, the plan out. What is wrong with a setting is part of its plan.
 */
export function planSettings(env: Environment, config: Config, nowMs: number): Plan {
  const inherited = readProvenance(env);
  const platform = readPlatformRecord(env);
  const warnings = platform.isWhole
    ? []
    : [
        'WEBSITE_KEYVAULT_REFERENCES holds something of an unknown shape, which is ignored: settings that the platform resolved may not rotate.',
      ];
  const resolved = [...platform.entries].filter(([, { status }]) => status.toLowerCase() === 'resolved');
  const resolvedByPlatform = new Map(resolved.map(([name, { rawReference }]) => [name, rawReference]));
  const context: Context = { config, nowMs, inherited, resolvedByPlatform, warnings };

  const isIgnored = (name: string) => config.ignore.has(name) || config.ignore.has(bareName(name));

  const near: string[] = [];
  const drafts = new Map<string, Draft>();
  const add = (draft: Draft | undefined) => draft && drafts.set(draft.setting, draft);
  // By name, as the report has them: the environment's own order is whatever the shell and those before us made it.
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value === undefined || isRecord(name) || isIgnored(name)) continue;
    const { setting, names: twins } = namesOf(name, env);
    if (drafts.has(setting)) continue;
    const names = twins.some(isIgnored) ? twins.filter((twin) => !isIgnored(twin)) : twins;
    const draft = draftSetting({ setting, names }, value, context);
    // What a protected one holds is text, too.
    if ((draft?.segments ?? [value]).some(mayRefer)) near.push(setting);
    add(draft);
  }
  // An optional secret that did not exist left no variable behind, but may exist by now.
  for (const [name, entry] of inherited) {
    if (!entry.unset || isIgnored(name) || isProtected(name)) continue;
    add(draftInherited({ setting: name, names: [name] }, undefined, entry, context));
  }

  const { ordered, mentions, circular } = orderSettings(drafts);
  const reads = new Map<string, SecretRead>();
  const settings = ordered.map(
    (draft): PlannedSetting => ({
      ...draft,
      reads: draft.segments.filter(isReference).map((reference) => addRead(reads, reference, config)),
      mentions: mentions.get(draft.setting) ?? [],
      isTemplate: draft.isTemplate || mentions.has(draft.setting),
      ...(circular.has(draft.setting) && { failure: CIRCLE }),
    }),
  );
  return { settings, reads, env, warnings, near };
}

type Draft = Omit<PlannedSetting, 'reads' | 'mentions'>;

/** What a setting is judged by. */
interface Context {
  readonly config: Config;
  readonly nowMs: number;
  readonly inherited: ReadonlyMap<string, InheritedEntry>;
  /** What the platform has put values in the place of. */
  readonly resolvedByPlatform: ReadonlyMap<string, string>;
  /** Gets what has to be said of settings that are left alone. */
  readonly warnings: string[];
}

/** `undefined` when it is none of ours. */
function draftSetting(named: Pick<Draft, 'setting' | 'names'>, value: string, context: Context): Draft | undefined {
  const { setting } = named;
  const raw = {
    ...named,
    origin: 'reference',
    pointer: value,
    segments: [],
    isTemplate: false,
    readAtStart: false,
  } as const;
  if (isProtected(setting)) return MARKER.test(value) ? { ...raw, names: [], failure: PROTECTED } : undefined;
  const entry = context.inherited.get(setting);
  // Believed, and so never parsed: a secret may look like a reference.
  if (entry && !entry.unset) return draftInherited(named, value, entry, context);

  // Before anything is looked for in the value: it is a secret, and may look like a reference.
  const pointer = context.resolvedByPlatform.get(setting);
  if (pointer !== undefined && value !== pointer) {
    const scan = scanValue(pointer, context.config.vaultSuffix);
    if (scan.kind === 'segments') {
      return { ...raw, origin: 'platform', pointer, segments: scan.segments, current: value };
    }
    if (scan.kind === 'problem') {
      context.warnings.push(
        `${setting} was resolved by the platform and does not rotate: ${scan.problem} ${scan.hint}`,
      );
    }
    return undefined;
  }
  const scan = scanValue(value, context.config.vaultSuffix);
  if (scan.kind === 'problem') return { ...raw, failure: syntaxFailure(scan) };
  if (scan.kind === 'segments') return { ...raw, segments: scan.segments, readAtStart: true };
  // Perhaps a template; decided when all resolved settings are known.
  return value.includes('${')
    ? { ...raw, origin: 'template', segments: [value], isTemplate: true, readAtStart: true }
    : undefined;
}

function draftInherited(
  named: Pick<Draft, 'setting' | 'names'>,
  current: string | undefined,
  entry: InheritedEntry,
  { config, nowMs, resolvedByPlatform }: Context,
): Draft | undefined {
  const scan = scanValue(entry.pointer, config.vaultSuffix);
  if (scan.kind === 'problem') return undefined;
  const ageMs = nowMs - entry.resolvedAtMs;
  const fresh = ageMs >= 0 && ageMs < Math.min(config.refreshMs || INHERITED_FRESH_MS, INHERITED_FRESH_MS);
  // What the platform had resolved stays that, whoever has read it anew: no start asks for it, or fails without it.
  const origin = resolvedByPlatform.get(named.setting) === entry.pointer ? 'platform' : 'inherited';
  return {
    ...named,
    origin,
    pointer: entry.pointer,
    segments: scan.kind === 'segments' ? scan.segments : [entry.pointer],
    isTemplate: entry.template === true,
    ...(current !== undefined && { current }),
    currentSinceMs: entry.resolvedAtMs,
    ...(entry.version && { currentVersion: entry.version }),
    // A file is its writer's, who removes it in the end: it may be gone, or about to go.
    readAtStart: origin === 'inherited' && (!fresh || (scan.kind === 'segments' && scan.segments.some(isInFile))),
  };
}

/** Adds the read behind a reference, unless another has the same, and returns its key. */
function addRead(reads: Map<string, SecretRead>, reference: SecretReference, config: Config): string {
  const { host, vault, secret, version, format, identity = config.identity } = reference;
  const key = `${host}/${secret}/${version ?? ''}${format ? `?${format}` : ''}#${printIdentity(identity)}`;
  const mayBeAbsent = reference.optional === true || reference.default !== undefined;
  const known = reads.get(key);
  if (!known) {
    const more = { ...(version && { version }), ...(format && { format }) };
    reads.set(key, { key, host, vault, secret, identity, mayBeAbsent, ...more });
  } else if (!mayBeAbsent) {
    reads.set(key, { ...known, mayBeAbsent });
  }
  return key;
}

function syntaxFailure({ problem, hint }: ReferenceProblem): Failure {
  return fact('InvalidSyntax', 'ERR_REFERENCE_SYNTAX', problem, hint);
}

const PROTECTED = fact(
  'InvalidSyntax',
  'ERR_PROTECTED_SETTING',
  'a reference stands in a setting that steers the process, the platform or vaultstrap itself; it is never resolved.',
  'Put the plain value there, or use another name.',
);

const CIRCLE = fact(
  'InvalidSyntax',
  'ERR_TEMPLATE_CIRCLE',
  'templates mention each other in a circle.',
  'Break the circle: one of the mentions in it has to go.',
);
