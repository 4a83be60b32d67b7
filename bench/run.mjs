// npm run bench [-- --quick] [-- --secrets 20 --vaults 1 --rounds 15]: whole processes, interleaved in one run,
// paired round by round. Writes bench/results.md and bench/results.svg, unless one scenario is asked for.
// Times are this machine's: read ratios and the spread beside them.
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BARE, bundleApp, casesFor, FLOOR, SDK } from './cases.mjs';
import { markdownTable, minus, over, spread } from './figures.mjs';
import { measure } from './measure.mjs';
import { plot } from './plot.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    secrets: { type: 'string' },
    vaults: { type: 'string' },
    rounds: { type: 'string' },
    identity: { type: 'string', default: '20' },
    vault: { type: 'string', default: '20' },
  },
});
const number = (name, usual) => {
  const value = Number(options[name] ?? usual);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name} is not a whole number`);
  return value;
};
const single = options.quick || options.secrets !== undefined || options.vaults !== undefined;
const scenarios = single
  ? [{ secrets: number('secrets', 20), vaults: number('vaults', 1), rounds: number('rounds', options.quick ? 5 : 15) }]
  : [
      { secrets: 1, vaults: 1, rounds: number('rounds', 7) },
      { secrets: 20, vaults: 1, rounds: number('rounds', 11) },
      { secrets: 20, vaults: 10, rounds: number('rounds', 7) },
      { secrets: 100, vaults: 1, rounds: number('rounds', 7) },
      { secrets: 1000, vaults: 10, rounds: number('rounds', 5) },
    ];
const latency = { identityMs: number('identity', 20), vaultMs: number('vault', 20) };

const ms = (n) => n.toFixed(0);
const range = ({ median, low, high }, digits = 0) =>
  `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;

/** Everything is net of bare node, or of the same app without secrets. */
function rowsOf(results, cases) {
  const netOf = (name) => minus(results.get(name).times, results.get(cases[name].over ?? BARE).times);
  return [...results.keys()].map((name) => {
    const { counts, sent, times } = results.get(name);
    const isBase = name === BARE || name.startsWith('app with');
    const net = isBase ? times : netOf(name);
    const comparable = !isBase && !cases[name].over && !name.startsWith('nothing');
    return {
      name,
      net: spread(net),
      cells: [
        isBase ? `${name} (whole)` : name,
        range(spread(net)),
        comparable ? range(spread(over(net, netOf(SDK))), 2) : '',
        comparable ? range(spread(over(net, netOf(FLOOR))), 2) : '',
        sent.token,
        sent.vault,
        sent.unauthorized,
        sent.connections,
        counts.builtins - results.get(BARE).counts.builtins,
        counts.files,
        ms(counts.bytes / 1024),
        ms(counts.cpuMs - results.get(BARE).counts.cpuMs),
        (counts.peakMb - results.get(BARE).counts.peakMb).toFixed(1),
      ],
    };
  });
}

const HEAD = [
  '',
  'ms',
  'of SDK',
  'of floor',
  'token',
  'vault',
  '401',
  'connections',
  'builtins',
  'files',
  'KB',
  'CPU',
  'MB',
];
const kindOf = (name) => (name.startsWith('vaultstrap') ? 'ours' : name === FLOOR ? 'floor' : 'other');

const bundle = await bundleApp();
const sections = [];
const panels = [];
const loadBefore = loadavg()[0];
const noises = [];
for (const scenario of scenarios) {
  const { secrets, vaults, rounds } = scenario;
  const title = `${secrets} ${secrets === 1 ? 'secret' : 'secrets'}, ${vaults} ${vaults === 1 ? 'vault' : 'vaults'}`;
  const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${title}, ${text}`);
  const results = await measure({ ...scenario, ...latency, bundle, progress });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const rows = rowsOf(results, casesFor({ secrets, vaults, azure: {}, bundle }));
  const times = (name) => results.get(name).times;
  const bare = spread(times(BARE));
  noises.push((bare.high - bare.low) / bare.median);
  const blocking = spread(minus(times('vaultstrap/register, CommonJS'), times('vaultstrap/preload')));
  const text = [
    `## ${title}`,
    `${rounds} rounds.`,
    markdownTable(
      HEAD,
      rows.map(({ cells }) => cells),
    ),
    `The blocking import over the preload: ${range(blocking)} ms more.`,
  ].join('\n\n');
  console.log(`\n${text}`);
  sections.push(text);
  panels.push({
    title,
    bars: rows
      .filter(({ name }) => /^(SDK|App Conf|hand|vaultstrap\/preload|vaultstrap\/register, C)/.test(name))
      .map(({ name, net }) => ({ name, kind: kindOf(name), ...net })),
  });
}

const conditions =
  `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} processors shared with the servers; ` +
  `${latency.identityMs} ms identity, ${latency.vaultMs} ms vault and store. Load average ${loadBefore.toFixed(1)} before, ` +
  `${loadavg()[0].toFixed(1)} after; the quartiles of bare node lie ${ms(100 * Math.max(...noises))} % of its median apart.`;
const text = `# Results

Written by \`npm run bench\`. ${conditions}

Milliseconds of a whole process, net of bare node (start and join: of the same app without secrets): the median of
differences within a round, and the quartiles in brackets. \`of SDK\` and \`of floor\`: the median of the ratios within
a round. \`token\`, \`vault\`, \`401\`, \`connections\`: what the servers saw. \`builtins\`: modules of Node beyond bare node's.
\`files\`, \`KB\`: code loaded from files, the app's own lines included. \`CPU\`: milliseconds of processor
time beyond bare node's, all threads and processes, the least of three runs. \`MB\`: peak memory beyond bare node's.

${sections.join('\n\n')}
`;
console.log(`\n${conditions}`);
if (!single) {
  writeFileSync(path.join(import.meta.dirname, 'results.md'), text);
  const chart = plot({
    title: 'Time that secrets add to a start',
    note: `Whole processes net of bare node, medians and quartiles; Node ${process.version}, ${latency.identityMs} ms identity, ${latency.vaultMs} ms vault`,
    panels: panels.filter(
      ({ title }) => /^(1|20|100|1000) .*, (1 vault|10 vaults)$/.test(title) && !/^20 .*10/.test(title),
    ),
  });
  writeFileSync(path.join(import.meta.dirname, 'results.svg'), chart);
}
