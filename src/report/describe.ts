import { duration } from './duration.js';
import type { Report, SettingReport } from './types.js';

/** How grave a setting's or a process's state is; decides its colour. */
export type Mood = 'good' | 'fair' | 'bad';

export function moodOf(status: Report['status']): Mood {
  return status === 'failed' ? 'bad' : status === 'degraded' ? 'fair' : 'good';
}

export function moodOfSetting(setting: SettingReport, { status }: Pick<Report, 'status'>): Mood {
  if (setting.wouldFailAtStart) return 'bad';
  if (setting.kept || setting.overridden) return 'fair';
  if (status === 'ready' || setting.status === 'Resolved' || setting.status === 'Initialized') return 'good';
  if (setting.usedDefault || (setting.optional && setting.status === 'SecretNotFound')) return 'good';
  return 'bad';
}

export const WORST_FIRST: readonly Mood[] = ['bad', 'fair', 'good'];

/** The worst first, then by name. */
export function inOrder(report: Report): readonly SettingReport[] {
  const rank = (setting: SettingReport) => WORST_FIRST.indexOf(moodOfSetting(setting, report));
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  return [...report.settings].sort((a, b) => rank(a) - rank(b) || byName(a.setting, b.setting));
}

/** `shop/db-password` and the version, as far as they are known. */
export function sourceOf({ vault, secret, origin }: SettingReport): string {
  return vault && secret ? `${vault}/${secret}` : origin === 'template' ? 'template' : '';
}

/** A remark, and whether it is more than the ordinary. */
export type Remark = readonly [text: string, isNotable?: true];

/** What is worth a remark, in a few words each. */
export function remarksOn(setting: SettingReport, nowMs: number): readonly Remark[] {
  const { origin, status, pinned, kept, usedDefault, file, unset, optional, overridden, wouldFailAtStart } = setting;
  const { ageSeconds, notBefore, expiresOn } = setting;
  const remarks: Remark[] = [];
  if (ageSeconds !== undefined) remarks.push([`read ${duration(ageSeconds)} ago`]);
  if (origin === 'platform') remarks.push(['from the platform']);
  if (origin === 'inherited') remarks.push(['inherited']);
  if (pinned) remarks.push(['pinned to a version']);
  if (file) remarks.push(['in a file']);
  if (kept)
    remarks.push([`kept: ${status === 'Initialized' ? PLATFORM_KEEPS : 'the newest value could not be had'}`, true]);
  if (usedDefault) remarks.push(['default used', true]);
  if (unset) remarks.push(optional ? ['optional, unset'] : ['unset', true]);
  if (overridden) remarks.push(['overridden by the app, left alone', true]);
  if (wouldFailAtStart) remarks.push(['a restart now would fail', true]);
  if (notBefore !== undefined) remarks.push([`becomes valid ${fromNow(notBefore, nowMs)}`, true]);
  if (expiresOn !== undefined) {
    const isOver = Date.parse(expiresOn) <= nowMs;
    remarks.push(isOver ? [`expired ${fromNow(expiresOn, nowMs)}`, true] : [`expires ${fromNow(expiresOn, nowMs)}`]);
  }
  return remarks;
}

const PLATFORM_KEEPS = 'what the platform resolved, which cannot be read again from here';

/** `in 5 min`, `2 h 10 min ago`. */
export function fromNow(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  return seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}

/** Something to say of the whole process: a time (ISO 8601), or a text, or both. */
export interface Fact {
  readonly label: string;
  readonly at?: string;
  readonly text?: string;
}

/** What there is to say of the whole process. */
export function factsOf(report: Report): readonly Fact[] {
  const { identity, startedAt, durationMs, requests, lastRefreshAt, nextRefreshAt, relaxations } = report;
  const facts: Fact[] = [{ label: 'Generation', text: String(report.generation) }];
  if (identity) {
    const { source, id = 'system-assigned', credential } = identity;
    facts.push({ label: 'Identity', text: [`${source}, ${id}`, credential].filter(Boolean).join(', by ') });
  }
  if (startedAt) {
    facts.push({ label: 'Started', at: startedAt, ...(durationMs !== undefined && { text: `in ${durationMs} ms` }) });
  }
  if (lastRefreshAt) facts.push({ label: 'Last read', at: lastRefreshAt });
  if (nextRefreshAt) facts.push({ label: 'Next read', at: nextRefreshAt });
  const { token, vault, unauthorized } = requests;
  const refused = unauthorized > 0 ? `, ${unauthorized} unauthorized` : '';
  if (token + vault > 0) facts.push({ label: 'Requests', text: `${token} for tokens, ${vault} to vaults${refused}` });
  if (relaxations) facts.push({ label: 'Relaxed by', text: relaxations.join(', ') });
  return facts;
}
