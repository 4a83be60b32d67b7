// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the syntax under test
// No byte of a secret is executed or expanded, whichever dotenv-expand stands below us: an app's `overrides` can bring
// in another one when the bundle is made anew. 12 and 13 mangle "$" in values, 1000 runs `$(command)` found in them.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { HOSTILE } from '../helpers/hostile.js';

type Expand = typeof import('dotenv-expand').expand;

const VERSIONS = [
  ['dotenv-expand-12', '12.0.3'],
  ['dotenv-expand', '13.0.0'],
  ['dotenv-expand-1000', '1000.0.0'],
] as const;

const folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-expand-'));
afterAll(() => rmSync(folder, { recursive: true }));
const trap = path.join(folder, 'ran');
/** Whatever a shell or an expansion could trip over; each would leave the file behind, or other text. */
const ATTACKS = [
  `$(touch ${trap})`,
  `\\$(touch ${trap})`,
  `a$(touch ${trap})b`,
  `$(touch ${trap}`,
  `\`touch ${trap}\``,
  `\${X:-$(touch ${trap})}`,
  `\${$(touch ${trap})}`,
  `"$(touch ${trap})"`,
  `'$(touch ${trap})'`,
  `$((1+1))`,
  `;touch ${trap};`,
  `\n$(touch ${trap})\n`,
  '${PW}',
  '${HOME}',
  '$PATH',
  ...HOSTILE.filter((text) => text.length < 100),
];

describe.each(VERSIONS)('%s', (name, version) => {
  const require = createRequire(import.meta.url);
  const { expand } = require(name) as { expand: Expand };

  async function template() {
    vi.resetModules();
    vi.doMock('dotenv-expand', () => ({ expand }));
    return import('../../src/settings/template.js');
  }

  test(`is ${version}`, () => {
    const root = path.dirname(require.resolve(`${name}/package.json`));
    expect(require(path.join(root, 'package.json'))).toMatchObject({ name: 'dotenv-expand', version });
  });

  test('a secret comes through as it is, wherever it stands, and nothing runs', async () => {
    const { expandTemplate } = await template();
    const before = { ...process.env };
    for (const secret of ATTACKS) {
      const lookup = (mentioned: string) => (mentioned === 'PW' ? secret : undefined);
      expect(expandTemplate(['redis://:${PW}@cache'], lookup)).toBe(`redis://:${secret}@cache`);
      expect(expandTemplate(['${PW}'], lookup)).toBe(secret);
      expect(expandTemplate(['$PW|${PW}'], lookup)).toBe(`${secret}|${secret}`);
      expect(expandTemplate(['${NONE:-${PW}}'], lookup)).toBe(secret);
      expect(expandTemplate(['${PW}', { value: secret }], lookup)).toBe(secret + secret);
    }
    expect(readdirSync(folder)).toEqual([]);
    expect({ ...process.env }).toEqual(before);
  });

  test('a command in the template itself is text', async () => {
    const { expandTemplate } = await template();
    const text = `$(touch ${trap}) \`touch ${trap}\` \${PW}`;
    expect(expandTemplate([text], () => 'x')).toBe(`$(touch ${trap}) \`touch ${trap}\` x`);
    expect(existsSync(trap)).toBe(false);
  });
});

test.skipIf(process.platform === 'win32')(
  'the trap works: 1000.0.0, used as its README says, runs what stands in a value',
  () => {
    const { expand } = createRequire(import.meta.url)('dotenv-expand-1000') as { expand: Expand };
    expand({ parsed: { PW: `$(touch ${trap})`, URL: 'redis://:${PW}@cache' }, processEnv: {} });
    expect(existsSync(trap)).toBe(true);
    rmSync(trap);
  },
);
