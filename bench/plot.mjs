// Horizontal bars with their quartiles, one panel a scenario; readable on light and dark pages.
const WIDTH = 880;
const LEFT = 270;
const BAR = 18;
const ROW = 26;

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

function niceStep(max) {
  const rough = max / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough);
}

/** `panels`: [{ title, bars: [{ name, kind: 'ours' | 'other' | 'floor', median, low, high }] }], in milliseconds. */
export function plot({ title, note, panels }) {
  const parts = [];
  let y = 70;
  for (const { title: heading, bars } of panels) {
    const max = Math.max(...bars.map(({ high, median }) => Math.max(high, median))) * 1.12;
    const x = (ms) => LEFT + (Math.max(0, ms) / max) * (WIDTH - LEFT - 24);
    parts.push(`<text class="h" x="16" y="${y}">${escaped(heading)}</text>`);
    y += 14;
    const bottom = y + bars.length * ROW;
    for (let ms = 0, step = niceStep(max); ms <= max; ms += step) {
      parts.push(`<path class="g" d="M${x(ms).toFixed(1)} ${y}V${bottom}"/>`);
      parts.push(`<text class="s" x="${x(ms).toFixed(1)}" y="${bottom + 15}" text-anchor="middle">${ms} ms</text>`);
    }
    for (const { name, kind, median, low, high } of bars) {
      const middle = y + ROW / 2;
      parts.push(`<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`);
      parts.push(
        `<rect class="${kind}" x="${LEFT}" y="${middle - BAR / 2}" width="${(x(median) - LEFT).toFixed(1)}" height="${BAR}" rx="3"/>`,
      );
      parts.push(
        `<path class="q" d="M${x(low).toFixed(1)} ${middle}H${x(high).toFixed(1)}M${x(low).toFixed(1)} ${middle - 4}v8M${x(high).toFixed(1)} ${middle - 4}v8"/>`,
      );
      const label = Math.max(x(high), x(median)) + 6;
      parts.push(`<text class="s" x="${label.toFixed(1)}" y="${middle + 4}">${Math.round(median)}</text>`);
      y += ROW;
    }
    y += 52;
  }
  const height = y - 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif" font-size="13">
<title id="t">${escaped(title)}</title>
<desc id="d">${escaped(panels.map(({ title: heading, bars }) => `${heading}: ${bars.map(({ name, median }) => `${name} ${Math.round(median)} ms`).join(', ')}`).join('. '))}</desc>
<style>
text{fill:#1b2430}.s{fill:#5a6675;font-size:11px}.h{font-weight:600}.g{stroke:#d5dbe3}.q{stroke:#1b2430;fill:none;opacity:.65}
.ours{fill:#2f9e5b}.other{fill:#9aa7b8}.floor{fill:#c98a1b}
@media (prefers-color-scheme:dark){text{fill:#e6ebf2}.s{fill:#a6b1bf}.g{stroke:#3a4452}.q{stroke:#e6ebf2}.ours{fill:#58c285}.other{fill:#748296}.floor{fill:#e0a63c}}
</style>
<text class="h" x="16" y="24" font-size="15">${escaped(title)}</text>
<text class="s" x="16" y="42">${escaped(note)}</text>
${parts.join('\n')}
</svg>
`;
}
