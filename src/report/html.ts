import { visible } from '../support/visible.js';
import {
  type Fact,
  factsOf,
  fromNow,
  inOrder,
  type Mood,
  moodOf,
  moodOfSetting,
  remarksOn,
  sourceOf,
  WORST_FIRST,
} from './describe.js';
import type { Report, SettingReport } from './types.js';

/** By shape as well as by colour. */
const SIGNS: Readonly<Record<Mood, string>> = { good: '●', fair: '▲', bad: '✕' };
const SUMMARY: Readonly<Record<Mood, string>> = { bad: 'in trouble', fair: 'worth a look', good: 'in order' };

/** Allowed by its hash, so that the page needs nothing but itself and can run nothing. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--line:#d0d7de;--page:#f6f8fa;--box:#fff;--good:#116329;--fair:#7d4e00;--bad:#b3141d}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--line:#363d47;--page:#0d1117;--box:#161b22;--good:#56d364;--fair:#e3b341;--bad:#ff8a80}}
*{box-sizing:border-box;margin:0}
body{background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .75rem;font-size:1.25rem}
h1 .state{font-size:1rem}
h2{font-size:1.125rem;margin:2rem 0 .25rem}
h3{font-size:1rem;flex:0 1 auto;unicode-bidi:isolate}
.good{--mood:var(--good)}.fair{--mood:var(--fair)}.bad{--mood:var(--bad)}
.state,.note{color:var(--mood)}
.state{flex:none;font-size:.9375rem;font-weight:600;border:1px solid;border-radius:1rem;padding:0 .625rem}
.note{font-weight:600}
.note::first-letter{text-transform:uppercase}
.dim,dt{color:var(--dim);font-size:.9375rem}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem}
.row{display:flex;flex-wrap:wrap;gap:0 1.25rem}
dl,li{background:var(--box);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr));gap:.5rem 1.5rem;margin-top:1rem}
dd .dim{display:block}
ul{list-style:none;padding:0;display:grid;gap:.75rem;margin:.75rem 0}
li{border-left:.25rem solid var(--mood)}
li>*+*{margin-top:.25rem}
code{font:.875rem/1.5 ui-monospace,monospace;unicode-bidi:isolate}
.flag{white-space:nowrap}
`;

/** For the header of a page: nothing may be loaded, run or framed; this one style may be applied, and forms sent where it says. */
export function contentSecurityPolicy(style: string = STYLE, forms: 'none' | 'self' = 'none'): string {
  const hash = process.getBuiltinModule('node:crypto').hash('sha256', style, 'base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action '${forms}'; frame-ancestors 'none'`;
}

/** A page that needs nothing but itself. */
export function htmlPage(title: string, style: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}

/** A report as a page of its own: no script, no value, everything escaped; for a phone as for a wide screen. */
export function renderHtml(report: Report, nowMs: number = Date.now()): string {
  const settings = inOrder(report);
  return htmlPage(
    `vaultstrap: ${report.status}`,
    STYLE,
    `<h1>vaultstrap ${badge(moodOf(report.status), report.status)}</h1>
<dl>
${factsOf(report)
  .map((fact) => factItem(fact, nowMs))
  .join('\n')}
</dl>
<h2>Settings</h2>
${settings.length > 0 ? settingList(settings, report, nowMs) : '<p class="dim">There is nothing to resolve.</p>'}
<p class="dim">As the one process that answered sees it, ${timeOf(new Date(nowMs).toISOString())}.</p>`,
  );
}

/** A word in a mood's colour and shape. */
export function badge(mood: Mood, text: string): string {
  return `<span class="state ${mood}"><span aria-hidden="true">${SIGNS[mood]}</span> ${escapeHtml(text)}</span>`;
}

function factItem({ label, at, text }: Fact, nowMs: number): string {
  const time =
    at && `${fromNow(at, nowMs)}<span class="dim">${timeOf(at)}${text ? `, ${escapeHtml(text)}` : ''}</span>`;
  return `<div><dt>${label}</dt><dd>${time ?? escapeHtml(text ?? '')}</dd></div>`;
}

/** To the second, which is enough to compare with a log; all of it for machines. */
function timeOf(iso: string): string {
  const [date, time = ''] = escapeHtml(iso).split('T');
  return `<time datetime="${date}T${time}">${date} ${time.replace(/\.\d+/, '').replace('Z', ' UTC')}</time>`;
}

function settingList(settings: readonly SettingReport[], report: Report, nowMs: number): string {
  const moods = settings.map((setting) => moodOfSetting(setting, report));
  const counts = WORST_FIRST.flatMap((mood) => {
    const count = moods.filter((each) => each === mood).length;
    return count > 0 ? [`${count} ${SUMMARY[mood]}`] : [];
  });
  const items = settings.map((setting, index) => settingItem(setting, moods[index] ?? 'bad', nowMs));
  return `<p class="dim">${counts.join(', ')}</p>\n<ul role="list">\n${items.join('\n')}\n</ul>`;
}

function settingItem(setting: SettingReport, mood: Mood, nowMs: number): string {
  const source = sourceOf(setting);
  const remarks = remarksOn(setting, nowMs);
  const ordinary = [
    source && code(source),
    ...remarks.flatMap(([text, isNotable]) => (isNotable ? [] : [escapeHtml(text)])),
    setting.version && `version ${code(setting.version)}`,
  ].flatMap((text) => (text ? [`<span>${text}</span>`] : []));
  const lines = [
    `<div class="head"><h3>${escapeHtml(setting.setting)}</h3>${badge(mood, setting.status)}</div>`,
    ordinary.length > 0 && `<p class="dim row">${ordinary.join(' ')}</p>`,
    ...remarks.map(([text, isNotable]) => isNotable && `<p class="note">${escapeHtml(text)}</p>`),
    setting.details && `<p>${escapeHtml(setting.details)}${setting.code ? ` ${code(setting.code)}` : ''}</p>`,
    setting.hint && `<p>Hint: ${unbrokenFlags(escapeHtml(setting.hint))}</p>`,
  ];
  return `<li class="${mood}">${lines.filter(Boolean).join('')}</li>`;
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`;
}

/** A line may end behind any hyphen, and a command is hard to read when it does. */
function unbrokenFlags(html: string): string {
  return html.replace(/--[a-z-]{1,24}/g, '<span class="flag">$&</span>');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
