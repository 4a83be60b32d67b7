import { factsOf, inOrder, type Mood, moodOf, moodOfSetting, remarksOn, sourceOf } from './describe.js';
import type { Report, SettingReport } from './types.js';
import { visible } from './visible.js';

const SIGNS: Readonly<Record<Mood, string>> = { good: '●', fair: '▲', bad: '✕' };

/** Allowed by its hash, so that the page needs nothing but itself and can run nothing. */
const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--line:#d0d7de;--page:#fff;--box:#f6f8fa;--good:#116329;--fair:#7d4e00;--bad:#b3141d}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--line:#363d47;--page:#0d1117;--box:#161b22;--good:#56d364;--fair:#e3b341;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.35rem;margin:0 0 1rem}
h2{font-size:1.05rem;margin:2rem 0 .75rem}
.good{color:var(--good)}.fair{color:var(--fair)}.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:0}
dt,.dim{color:var(--dim)}dd{margin:0}
ul{list-style:none;margin:0;padding:0;display:grid;gap:.75rem}
li{background:var(--box);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.25rem 1rem}
p{margin:.25rem 0 0}
code{font:.9em ui-monospace,monospace}
`;

/** For the header of the page: nothing may be loaded, run, framed or sent; this one style may be applied. */
export function contentSecurityPolicy(): string {
  const { hash } = process.getBuiltinModule('node:crypto');
  const style = hash('sha256', STYLE, 'base64');
  return `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** A report as a page of its own: no script, no value, everything escaped; for a phone as for a wide screen. */
export function renderHtml(report: Report, nowMs: number = Date.now()): string {
  const mood = moodOf(report.status);
  const facts = factsOf(report).map(([label, text]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(text)}</dd>`);
  const settings = inOrder(report).map((setting) => settingItem(setting, moodOfSetting(setting, report), nowMs));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>vaultstrap: ${escapeHtml(report.status)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>vaultstrap: <span class="${mood}">${SIGNS[mood]} ${escapeHtml(report.status)}</span></h1>
<dl>${facts.join('')}</dl>
<h2>Settings</h2>
${settings.length > 0 ? `<ul>\n${settings.join('\n')}\n</ul>` : '<p class="dim">There is nothing to resolve.</p>'}
<p class="dim">Of the one process that answered, at ${escapeHtml(new Date(nowMs).toISOString())}.</p>
</main>
</body>
</html>
`;
}

function settingItem(setting: SettingReport, mood: Mood, nowMs: number): string {
  const source = sourceOf(setting);
  const remarks = remarksOn(setting, nowMs).map(escapeHtml).join(', ');
  const lines = [
    `<div class="head"><strong>${escapeHtml(setting.setting)}</strong><span class="${mood}">${SIGNS[mood]} ${escapeHtml(setting.status)}</span></div>`,
    (source || remarks) &&
      `<p class="dim">${[source && `<code>${escapeHtml(source)}</code>`, remarks].filter(Boolean).join(' · ')}</p>`,
    setting.version && `<p class="dim">version <code>${escapeHtml(setting.version)}</code></p>`,
    setting.details &&
      `<p>${escapeHtml(setting.details)}${setting.code ? ` <code>${escapeHtml(setting.code)}</code>` : ''}</p>`,
    setting.hint && `<p>Hint: ${escapeHtml(setting.hint)}</p>`,
  ];
  return `<li>${lines.filter(Boolean).join('')}</li>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
