import type { Config } from '../support/config.js';
import type { Failure } from '../support/failure.js';
import { type IdentitySelector, printIdentity } from '../support/identity-selector.js';
import type { Environment } from './environment.js';
import { bareName, isProtected, isRecord, namesOf } from './names.js';
import type { Origin } from './origin.js';
import { readPlatformRecord } from './platform-record.js';
import { type InheritedEntry, readProvenance } from './provenance.js';
import type { Format, SecretReference } from './reference.js';
import { MARKER, type Segment, scanValue } from './scan.js';
import { mentionsOf } from './template.js';

/** One secret to read, however many settings use it. */
export interface SecretRead {
  /** Identifies the read: the same secret, version, form and identity. */
  readonly key: string;
  readonly host: string;
  readonly vault: string;
  readonly secret: string;
  readonly version?: string;
  readonly identity: IdentitySelector;
  /** Absent: as it is stored. */
  readonly format?: Format;
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

  const isIgnored = (name: string) => config.ignore.has(name) || config.ignore.has(bareName(name));

  const drafts = new Map<string, Draft>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || isRecord(name) || isIgnored(name)) continue;
    const { setting, names: twins } = namesOf(name, env);
    if (drafts.has(setting)) continue;
    const names = twins.filter((twin) => !isIgnored(twin));
    const draft = draftSetting(setting, names, value);
    if (draft) drafts.set(setting, draft);
  }
  // An optional secret that did not exist left no variable behind, but may exist by now.
  for (const [name, entry] of inherited) {
    if (entry.unset && !isIgnored(name) && !isProtected(name)) {
      const draft = fromInherited(name, [name], undefined, entry);
      if (draft) drafts.set(name, draft);
    }
  }

  function draftSetting(setting: string, names: readonly string[], value: string): Draft | undefined {
    if (isProtected(setting)) {
      if (!MARKER.test(value)) return undefined;
      return {
        setting,
        names: [],
        origin: 'reference',
        pointer: value,
        segments: [],
        failure: PROTECTED,
        readAtStart: false,
      };
    }
    const entry = inherited.get(setting);
    // Believed, and so never parsed: a secret may look like a reference.
    if (entry && !entry.unset) return fromInherited(setting, names, value, entry);

    // Before anything is looked for in the value: it is a secret, and may look like a reference.
    const record = platform.entries.get(setting);
    if (record && /^resolved$/i.test(record.status) && value !== record.rawReference) {
      const raw = scanValue(record.rawReference, config.vaultSuffix);
      if (raw.kind === 'segments') {
        return {
          setting,
          names,
          origin: 'platform',
          pointer: record.rawReference,
          segments: raw.segments,
          current: value,
          readAtStart: false,
        };
      }
    }
    const scan = scanValue(value, config.vaultSuffix);
    if (scan.kind === 'problem') {
      return {
        setting,
        names,
        origin: 'reference',
        pointer: value,
        segments: [],
        failure: syntaxFailure(scan),
        readAtStart: false,
      };
    }
    if (scan.kind === 'segments') {
      return { setting, names, origin: 'reference', pointer: value, segments: scan.segments, readAtStart: true };
    }
    // Perhaps a template; decided when all resolved settings are known.
    return value.includes('${')
      ? { setting, names, origin: 'template', pointer: value, segments: [value], readAtStart: true }
      : undefined;
  }

  function fromInherited(
    setting: string,
    names: readonly string[],
    current: string | undefined,
    entry: InheritedEntry,
  ): Draft | undefined {
    const scan = scanValue(entry.pointer, config.vaultSuffix);
    if (scan.kind === 'problem') return undefined;
    const ageMs = nowMs - entry.resolvedAtMs;
    const fresh = ageMs >= 0 && ageMs < Math.min(config.refreshMs || INHERITED_FRESH_MS, INHERITED_FRESH_MS);
    return {
      setting,
      names,
      origin: 'inherited',
      pointer: entry.pointer,
      segments: scan.kind === 'segments' ? scan.segments : [entry.pointer],
      ...(current !== undefined && { current }),
      currentSinceMs: entry.resolvedAtMs,
      ...(entry.version && { currentVersion: entry.version }),
      // A file is its writer's, who removes it in the end: it may be gone, or about to go.
      readAtStart: !fresh || (scan.kind === 'segments' && scan.segments.some(isInFile)),
    };
  }

  return finish(drafts, env, config, warnings);
}

type Draft = Omit<PlannedSetting, 'reads' | 'mentions' | 'isTemplate'>;

/** Finds the templates among the drafts, puts them in order, and collects the reads. */
function finish(
  drafts: ReadonlyMap<string, Draft>,
  env: Environment,
  config: Config,
  warnings: readonly string[],
): Plan {
  // A twin may be mentioned too: `${APPSETTING_X}` means the setting X.
  const settingOf = new Map(
    [...drafts.values()].flatMap(({ setting, names }) => names.map((name) => [name, setting] as const)),
  );
  const known = (names: readonly string[]) => [...new Set(names.map((name) => settingOf.get(name) ?? name))];
  const braced = new Map<string, readonly string[]>();
  const all = new Map<string, readonly string[]>();
  for (const [setting, draft] of drafts) {
    const mentioned = mentionsOf(draft.segments);
    braced.set(setting, known(mentioned.braced));
    all.set(setting, known(mentioned.all));
  }
  const ours = closure(drafts, braced);
  const isTemplate = (setting: string) => braced.get(setting)?.some((name) => ours.has(name)) ?? false;
  const mentions = new Map(
    [...ours].map((setting) => [
      setting,
      isTemplate(setting) ? (all.get(setting) ?? []).filter((name) => ours.has(name)) : [],
    ]),
  );
  const ordered: string[] = [];
  const circular = new Set<string>();
  // Depth first, without recursion: the length of a chain of templates is not ours to limit, the stack's depth is.
  const placeOf = new Map<string, number | 'done'>();
  for (const first of ours) {
    const path: { readonly setting: string; readonly left: string[] }[] = [];
    const open = (setting: string) => {
      placeOf.set(setting, path.length);
      path.push({ setting, left: [...(mentions.get(setting) ?? [])].reverse() });
    };
    if (!placeOf.has(first)) open(first);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const name = last.left.pop();
      if (name === undefined) {
        path.pop();
        placeOf.set(last.setting, 'done');
        ordered.push(last.setting);
        continue;
      }
      const place = placeOf.get(name);
      if (place === undefined) open(name);
      else if (place !== 'done') for (const { setting } of path.slice(place)) circular.add(setting);
    }
  }

  const reads = new Map<string, SecretRead>();
  const settings = ordered.flatMap((setting): PlannedSetting[] => {
    const draft = drafts.get(setting);
    if (!draft) return [];
    const keys = draft.segments.flatMap((segment) => {
      if (typeof segment === 'string') return [];
      const read = readOf(segment, config);
      const known = reads.get(read.key);
      reads.set(read.key, {
        ...read,
        mayBeAbsent: read.mayBeAbsent && (known?.mayBeAbsent ?? true),
      });
      return [read.key];
    });
    // Without a reference it can only have been a template, though what it mentions may be plain by now.
    const wasTemplate = draft.origin === 'inherited' && !MARKER.test(draft.pointer);
    return [
      {
        ...draft,
        reads: keys,
        mentions: mentions.get(setting) ?? [],
        isTemplate: isTemplate(setting) || wasTemplate,
        ...(circular.has(setting) && { failure: CIRCLE }),
      },
    ];
  });
  return { settings, reads, env, warnings };
}

/** The settings with references, and the templates that mention one, directly or through another template. */
function closure(
  drafts: ReadonlyMap<string, Draft>,
  mentions: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const ours = new Set<string>();
  for (const [setting, draft] of drafts) if (draft.origin !== 'template') ours.add(setting);
  const mentionedBy = new Map<string, string[]>();
  for (const [setting, names] of mentions) {
    for (const name of names) mentionedBy.set(name, [...(mentionedBy.get(name) ?? []), setting]);
  }
  // A Set that grows while it is walked visits what was added.
  for (const name of ours) for (const template of mentionedBy.get(name) ?? []) ours.add(template);
  return ours;
}

/** Whether a piece of a setting is the path of a file. */
export function isInFile(segment: Segment): boolean {
  return typeof segment !== 'string' && segment.file === true;
}

function readOf(reference: SecretReference, config: Config): SecretRead {
  const identity = reference.identity ?? config.identity;
  const { host, vault, secret, version, format } = reference;
  return {
    key: `${host}/${secret}/${version ?? ''}${format ? `?${format}` : ''}#${printIdentity(identity)}`,
    host,
    vault,
    secret,
    ...(version && { version }),
    identity,
    ...(format && { format }),
    mayBeAbsent: reference.optional === true || reference.default !== undefined,
  };
}

function syntaxFailure({ problem, hint }: { problem: string; hint: string }): Failure {
  return { status: 'InvalidSyntax', code: 'ERR_REFERENCE_SYNTAX', details: problem, hint, retry: 'never' };
}

const PROTECTED: Failure = {
  status: 'InvalidSyntax',
  code: 'ERR_PROTECTED_SETTING',
  details:
    'a reference stands in a setting that steers the process, the platform or vaultstrap itself; it is never resolved.',
  hint: 'Put the plain value there, or use another name.',
  retry: 'never',
};

const CIRCLE: Failure = {
  status: 'InvalidSyntax',
  code: 'ERR_TEMPLATE_CIRCLE',
  details: 'templates mention each other in a circle.',
  hint: 'Break the circle: one of the mentions in it has to go.',
  retry: 'never',
};
