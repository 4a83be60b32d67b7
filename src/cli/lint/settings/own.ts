import { bareName, isOwnSetting } from '../../../settings/names.js';
import { type Config, readConfig } from '../../../support/config.js';
import { BootstrapError } from '../../../support/errors.js';
import { isSchedule } from '../../../support/ncrontab.js';
import { nearestOwnSetting } from '../../../support/own-settings.js';
import { type Finding, finding } from '../finding.js';
import type { Setting, SettingsFile } from './setting.js';

/** The configuration that a file gives, and what is wrong with it. */
export function checkOwnSettings(file: SettingsFile): { config: Config; findings: readonly Finding[] } {
  const own = file.settings.filter(({ name }) => /^VAULTSTRAP_/i.test(bareName(name)));
  const findings = own.flatMap((setting) => [...checkName(file, setting), ...checkSchedule(file, setting)]);
  // The certificate may be a file of another machine.
  const whole = own.filter(({ name, isPartial }) => !isPartial && name !== 'VAULTSTRAP_VAULT_CA');
  const env = Object.fromEntries(whole.map(({ name, value }) => [name, value]));
  try {
    return { config: readConfig(env), findings };
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    const malformed = error.failures.flatMap(({ setting: name, details, hint }) => {
      const setting = whole.find((one) => one.name === name);
      if (!setting) return [];
      const at = setting.at(0, setting.value.length);
      return [finding(file.source, at, ['invalid-setting', 'error'], `${name}: ${details}`, hint)];
    });
    return { config: readConfig({}), findings: [...findings, ...malformed] };
  }
}

function checkName(file: SettingsFile, { name, nameAt }: Setting): readonly Finding[] {
  if (isOwnSetting(name)) return [];
  const meant = nearestOwnSetting(bareName(name));
  return [
    finding(
      file.source,
      nameAt,
      ['unknown-setting', 'warning'],
      `${name} is no setting of vaultstrap and has no effect.`,
      meant ? `Did you mean ${meant}?` : 'The README lists them all.',
    ),
  ];
}

function checkSchedule(file: SettingsFile, { name, value, isPartial, at }: Setting): readonly Finding[] {
  if (bareName(name) !== 'VAULTSTRAP_SCHEDULE' || isPartial || isSchedule(value.trim())) return [];
  return [
    finding(
      file.source,
      at(0, value.length),
      ['schedule', 'error'],
      'VAULTSTRAP_SCHEDULE is no schedule: the host would not index the timer function.',
      'Give an NCRONTAB expression of 5 or 6 fields ("0 */5 * * * *"), or a time span hh:mm:ss.',
    ),
  ];
}
