import type { Report, SettingReport } from './types.js';
import { duration } from './visible.js';

/** How grave a setting's or a process's state is; decides its colour. */
export type Mood = 'good' | 'fair' | 'bad';

export function moodOf(status: Report['status']): Mood {
  return status === 'failed' ? 'bad' : status === 'degraded' ? 'fair' : 'good';
}

export function moodOfSetting(setting: SettingReport, { status }: Pick<Report, 'status'>): Mood {
  if (setting.wouldFailAtStart) return 'bad';
  if (setting.kept || setting.overridden) return 'fair';
  if (status === 'ready' || setting.status === 'Resolved' || setting.status === 'Initialized') return 'good';
  if (setting.usedDefault) return 'good';
  // It may be optional; only a start that failed is sure to have wanted it.
  return setting.status === 'SecretNotFound' && status !== 'failed' ? 'fair' : 'bad';
}

const WORST_FIRST: readonly Mood[] = ['bad', 'fair', 'good'];

/** The worst first, then by name. */
export function inOrder(report: Report): readonly SettingReport[] {
  const rank = (setting: SettingReport) => WORST_FIRST.indexOf(moodOfSetting(setting, report));
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...report.settings].sort((a, b) => rank(a) - rank(b) || byName(a.setting, b.setting));
}

/** `shop/db-password` and the version, as far as they are known. */
export function sourceOf({ vault, secret, origin }: SettingReport): string {
  return vault && secret ? `${vault}/${secret}` : origin === 'template' ? 'template' : '';
}

/** What is worth a remark, in a few words each. */
export function remarksOn(setting: SettingReport, nowMs: number): readonly string[] {
  const { origin, pinned, kept, usedDefault, unset, overridden, wouldFailAtStart, ageSeconds, expiresOn } = setting;
  const remarks: string[] = [];
  if (ageSeconds !== undefined) remarks.push(`read ${duration(ageSeconds)} ago`);
  if (origin === 'platform') remarks.push('from the platform');
  if (origin === 'inherited') remarks.push('inherited');
  if (pinned) remarks.push('pinned to a version');
  if (kept) remarks.push('kept: the newest value could not be had');
  if (usedDefault) remarks.push('default used');
  if (unset) remarks.push('unset');
  if (overridden) remarks.push('overridden by the app, left alone');
  if (wouldFailAtStart) remarks.push('a restart now would fail');
  if (expiresOn !== undefined) {
    const leftSeconds = (Date.parse(expiresOn) - nowMs) / 1000;
    remarks.push(leftSeconds > 0 ? `expires in ${duration(leftSeconds)}` : `expired ${duration(-leftSeconds)} ago`);
  }
  return remarks;
}

/** What there is to say of the whole process, as label and text. */
export function factsOf(report: Report): readonly (readonly [label: string, text: string])[] {
  const { identity, startedAt, durationMs, requests, lastRefreshAt, nextRefreshAt, relaxations } = report;
  const facts: [string, string][] = [['Generation', String(report.generation)]];
  if (identity) facts.push(['Identity', `${identity.source}, ${identity.id ?? 'system-assigned'}`]);
  if (startedAt) facts.push(['Started', durationMs === undefined ? startedAt : `${startedAt}, in ${durationMs} ms`]);
  if (lastRefreshAt) facts.push(['Last read', lastRefreshAt]);
  if (nextRefreshAt) facts.push(['Next read', nextRefreshAt]);
  const { token, vault, unauthorized } = requests;
  const refused = unauthorized > 0 ? `, ${unauthorized} unauthorized` : '';
  if (token + vault > 0) facts.push(['Requests', `${token} for tokens, ${vault} to vaults${refused}`]);
  if (relaxations) facts.push(['Relaxed by', relaxations.join(', ')]);
  return facts;
}
