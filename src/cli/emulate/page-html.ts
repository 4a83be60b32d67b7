import { badge, contentSecurityPolicy, escapeHtml, STYLE as HOUSE_STYLE, htmlPage } from '../../report/html.js';
import { FAULTS } from './page-actions.js';
import type { SecretState, Snapshot } from './snapshot.js';

const STYLE = `${HOUSE_STYLE}
form{display:inline-flex;flex-wrap:wrap;gap:.375rem;align-items:center}
button,select{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--page);border:1px solid var(--line);border-radius:.375rem;padding:.125rem .625rem;min-height:2rem}
button{cursor:pointer}
.actions{display:flex;flex-wrap:wrap;gap:.375rem;margin-top:.5rem}
table{border-collapse:collapse;width:100%;background:var(--box);border:1px solid var(--line)}
th,td{text-align:left;padding:.25rem .625rem;border-top:1px solid var(--line);font-size:.9375rem;vertical-align:top}
.scroll{overflow-x:auto;overflow-wrap:normal;margin:.75rem 0}
`;

/** Forms come back here. */
export function pageSecurityPolicy(): string {
  return contentSecurityPolicy(STYLE, 'self');
}

/** Plain forms, no script, no value of any secret, everything escaped. */
export function renderPage({ vaults, faults, requests }: Snapshot, problem?: string): string {
  return htmlPage(
    'vaultstrap emulate',
    STYLE,
    `<h1>An emulated Azure</h1>
<p class="dim">In memory, on this machine. Values are not shown.</p>
${problem === undefined ? '' : `<p class="note bad" role="alert">${escapeHtml(problem)}</p>`}
${vaults.length > 0 ? vaults.map(vaultSection).join('\n') : '<p>There is no vault yet: the first one that is written to will be here.</p>'}
<h2>Faults</h2>
${faults.length > 0 ? `<ul role="list">${faults.map(faultItem).join('')}</ul>` : '<p class="dim">None: everything answers as it should.</p>'}
${faultForm(vaults.map(({ name }) => name))}
<h2>Requests</h2>
${requestTable(requests)}`,
  );
}

function vaultSection({ name, secrets, deleted }: Snapshot['vaults'][number]): string {
  const items = [
    ...secrets.map((secret) => secretItem(name, secret)),
    ...deleted.map(
      (secret) =>
        `<li class="bad"><div class="head"><h3>${escapeHtml(secret)}</h3>${badge('bad', 'deleted')}</div><div class="actions">${secretButton('recover', 'Recover', name, secret)}</div></li>`,
    ),
  ];
  const list = items.length > 0 ? `<ul role="list">${items.join('')}</ul>` : '<p class="dim">Empty.</p>';
  return `<h2>Vault ${escapeHtml(name)}</h2>\n${list}`;
}

function secretItem(vault: string, { name, versions }: SecretState): string {
  const [newest] = versions;
  const enabled = newest?.enabled ?? false;
  const mood = enabled ? 'good' : 'fair';
  const older = versions.length > 1 ? ` <span>${versions.length} versions</span>` : '';
  return `<li class="${mood}"><div class="head"><h3>${escapeHtml(name)}</h3>${badge(mood, enabled ? 'enabled' : 'disabled')}</div>
<p class="dim row"><span>version <code>${escapeHtml(newest?.version ?? '')}</code></span>${newest ? ` <span>of ${timeOf(newest.createdOn)}</span>` : ''}${older}</p>
<div class="actions">${secretButton('rotate', 'Rotate', vault, name)}${enabled ? secretButton('disable', 'Disable', vault, name) : secretButton('enable', 'Enable', vault, name)}${secretButton('delete', 'Delete', vault, name)}</div></li>`;
}

function secretButton(action: string, label: string, vault: string, secret: string): string {
  return form(action, label, { vault, secret }, `${label} ${secret}`);
}

function form(action: string, label: string, fields: Readonly<Record<string, string>>, name: string): string {
  const inputs = Object.entries({ action, ...fields }).map(([key, value]) => hidden(key, value));
  return `<form method="post">${inputs.join('')}<button aria-label="${escapeHtml(name)}">${label}</button></form>`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
}

function faultItem({ id, fault, hits }: Snapshot['faults'][number]): string {
  const { target, vault, secret, times, headers: _headers, body: _body, ...how } = fault;
  const where = [target, vault, secret].flatMap((part) => part ?? []).join(' ');
  const what = Object.entries(how).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  const often = `${times === undefined ? 'until removed' : `${times} times`}, applied ${hits} times`;
  return `<li class="fair"><div class="head"><h3>${escapeHtml(where)}</h3></div><p>${escapeHtml(what.join(', '))}</p><p class="dim">${often}</p><div class="actions">${form('remove-fault', 'Remove', { id: String(id) }, `Remove fault ${id}`)}</div></li>`;
}

function faultForm(vaults: readonly string[]): string {
  const targets = [
    ['vault', 'every vault'],
    ...vaults.map((name) => [`vault/${name}`, `vault ${name}`]),
    ['identity', 'identity'],
  ];
  const kinds = Object.entries(FAULTS).map(([kind, { label }]) => [kind, label]);
  const times = [
    ['', 'until removed'],
    ['1', 'once'],
  ];
  return `<form method="post">${hidden('action', 'add-fault')}${select('target', 'Where', targets)}${select('kind', 'What', kinds)}${select('times', 'How often', times)}<button>Add fault</button></form>`;
}

function select(name: string, label: string, options: readonly (readonly string[])[]): string {
  const choices = options.map(
    ([value = '', text = '']) => `<option value="${escapeHtml(value)}">${escapeHtml(text)}</option>`,
  );
  return `<select name="${name}" aria-label="${label}">${choices.join('')}</select>`;
}

function requestTable(requests: Snapshot['requests']): string {
  if (requests.length === 0) return '<p class="dim">None yet. Reload to see new ones.</p>';
  const rows = requests.map(({ at, identity = '', method, path, status, vault, target }) =>
    [
      timeOf(at),
      escapeHtml(vault ?? target),
      escapeHtml(`${method} ${path}`),
      String(status ?? 'none'),
      escapeHtml(identity),
    ]
      .map((cell) => `<td>${cell}</td>`)
      .join(''),
  );
  return `<div class="scroll"><table><thead><tr><th>Time</th><th>Asked</th><th>Request</th><th>Status</th><th>Identity</th></tr></thead>
<tbody>${rows.map((row) => `<tr>${row}</tr>`).join('\n')}</tbody></table></div>
${form('clear-requests', 'Clear the log', {}, 'Clear the log')}`;
}

function timeOf(date: Date): string {
  const iso = date.toISOString();
  return `<time datetime="${iso}">${iso.slice(11, 19)} UTC</time>`;
}
