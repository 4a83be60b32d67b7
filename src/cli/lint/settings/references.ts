import { mentionsOf } from '../../../settings/mentions.js';
import { bareName, isRecord } from '../../../settings/names.js';
import { planSettings } from '../../../settings/plan.js';
import type { SecretReference } from '../../../settings/reference.js';
import { isReference, MARKER, scanValue } from '../../../settings/scan.js';
import type { Config } from '../../../support/config.js';
import { type Finding, finding } from '../finding.js';
import { checkNearReferences } from './near-references.js';
import { offendingPart } from './offending-part.js';
import type { Setting, SettingsFile } from './setting.js';

/** `@KeyVault(` or akvs://: what only vaultstrap resolves. */
export function isOurs(value: string): boolean {
  return /(?<!@)@KeyVault\(|^akvs:\/\//i.test(value);
}

/** References as the platform reads them: the whole value is one, in its own spelling. */
export function isPlatforms(value: string): boolean {
  return /^\s*@Microsoft\.KeyVault\([^)]*\)\s*$/i.test(value);
}

/** What stands written out can be read; the same errors as at run time, because it is the same code. */
export function checkReferences(file: SettingsFile, config: Config): readonly Finding[] {
  const whole = file.settings.filter(({ isPartial }) => !isPartial);
  const byName = new Map(whole.map((setting) => [setting.name, setting]));
  const env = Object.fromEntries(whole.map(({ name, value }) => [name, value]));
  const findings: Finding[] = [];
  const failed = new Set<string>();
  // A name twice in one file (two slots, two sites) is planned once; the rest is scanned below.
  for (const { setting: name, failure, pointer } of planSettings(env, config, 0).settings) {
    const setting = byName.get(name) ?? byName.get(bareName(name));
    if (!setting || !failure) continue;
    if (failure.code === 'ERR_TEMPLATE_CIRCLE') {
      const at = setting.at(0, setting.value.length);
      findings.push(
        finding(file.source, at, ['template-circle', 'error'], `${name}: ${failure.details}`, failure.hint),
      );
    } else if (failure.code === 'ERR_PROTECTED_SETTING') {
      // What the platform resolves is a value by the time anybody reads it.
      if (file.kind !== 'env' && isPlatforms(pointer)) continue;
      failed.add(name);
      findings.push(
        finding(
          file.source,
          setting.nameAt,
          ['protected-setting', 'error'],
          `${name}: ${failure.details}`,
          failure.hint,
        ),
      );
    }
  }
  for (const setting of whole) {
    if (failed.has(setting.name) || isRecord(setting.name) || config.ignore.has(setting.name)) continue;
    findings.push(...checkOne(file, setting, config), ...checkNearReferences(file, setting));
  }
  return [...findings, ...(file.kind === 'template' ? [] : checkMentions(file, byName, config))];
}

function checkOne(file: SettingsFile, setting: Setting, config: Config): readonly Finding[] {
  const { name, value, at } = setting;
  const label = name && MARKER.test(value) ? `${name}: ` : '';
  const scan = scanValue(value, config.vaultSuffix);
  if (scan.kind === 'plain') return [];
  if (scan.kind === 'problem') {
    const [from, to] = offendingPart(value, scan.problem, config.vaultSuffix);
    return [finding(file.source, at(from, to), ['reference-syntax', 'error'], `${label}${scan.problem}`, scan.hint)];
  }
  const all = at(0, value.length);
  const references = scan.segments.filter(isReference);
  const pinned = references.find(({ version }) => version !== undefined);
  const extra = references.find((one) => one.marker === '@Microsoft.KeyVault' && keysOfOurs(one).length > 0);
  const onPlatform = file.kind !== 'env' && isPlatforms(value);
  return [
    ...(pinned
      ? [
          finding(
            file.source,
            all,
            ['pinned-version', 'warning'],
            `${label}'${pinned.secret}' is pinned to a version and never rotates.`,
            'Leave the version out to have the newest one.',
          ),
        ]
      : []),
    ...(extra && onPlatform
      ? [
          finding(
            file.source,
            all,
            ['platform-reference-keys', 'warning'],
            `${label}a key of vaultstrap (${keysOfOurs(extra).join(', ')}): the platform, which resolves @Microsoft.KeyVault first, knows none.`,
            'Write @KeyVault(...), which the platform leaves alone.',
          ),
        ]
      : []),
  ];
}

function keysOfOurs(reference: SecretReference): readonly string[] {
  const keys = {
    identity: 'Identity',
    field: 'Field',
    encode: 'Encode',
    format: 'Format',
    file: 'File',
    optional: 'Optional',
    default: 'Default',
  } as const;
  return (Object.keys(keys) as (keyof typeof keys)[])
    .filter((key) => reference[key] !== undefined)
    .map((key) => keys[key]);
}

/** `${NAME}` in a text that is expanded. Others' `${...}` is none of our business. */
function checkMentions(file: SettingsFile, byName: ReadonlyMap<string, Setting>, config: Config): readonly Finding[] {
  return [...byName.values()].flatMap((setting) => {
    const scan = scanValue(setting.value, config.vaultSuffix);
    const { braced } = mentionsOf(scan.kind === 'segments' ? scan.segments : [setting.value]);
    const isExpanded = braced.some((name) => MARKER.test(byName.get(name)?.value ?? ''));
    if (!isExpanded) return [];
    return braced
      .filter((name) => !byName.has(name) && /^\w{1,128}$/.test(name) && setting.value.includes(`\${${name}}`))
      .map((name) => {
        const from = setting.value.indexOf(`\${${name}}`);
        return finding(
          file.source,
          setting.at(from, from + name.length + 3),
          ['template-unknown', 'warning'],
          `${setting.name}: mentions a setting that is not in this file; without it, nothing stands in its place.`,
          `Add the setting, or give a default: \${${name}:-text}.`,
        );
      });
  });
}
