// The pictures as a browser draws them: no text reaches beyond the box that it stands in, or the picture.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { type Browser, findChromium, HOW_TO_INSTALL, openBrowser } from '../report/support/browser.js';

const chromium = findChromium();
const pictures = globSync('docs/*.svg', { cwd: root }).sort();

/** In the page: texts that are wider than the smallest box around their middle. */
const OVERFLOWS = `(() => {
  const picture = document.querySelector('svg');
  const boxes = [...picture.querySelectorAll('rect')].map((rect) => rect.getBBox());
  return [...picture.querySelectorAll('text')].flatMap((text) => {
    const own = text.getBBox();
    const [x, y] = [own.x + own.width / 2, own.y + own.height / 2];
    const around = boxes.filter((box) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height);
    const home = around.sort((a, b) => a.width * a.height - b.width * b.height)[0] ?? picture.viewBox.baseVal;
    const fits = own.x >= home.x + 2 && own.x + own.width <= home.x + home.width - 2;
    return fits ? [] : [text.textContent];
  });
})()`;

test('there are pictures', () => expect(pictures.length).toBeGreaterThanOrEqual(6));

describe.skipIf(!chromium)(`pictures${chromium ? '' : `: SKIPPED, ${HOW_TO_INSTALL}`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(chromium as string);
  });
  afterAll(() => browser?.close());

  const overflows = async (svg: string) => {
    const viewport = { width: 900, height: 600 };
    const context = await browser.newContext({ viewport, colorScheme: 'light', isMobile: false });
    const page = await context.newPage();
    await page.goto(`data:text/html;base64,${Buffer.from(`<meta charset="utf-8">${svg}`).toString('base64')}`);
    const found = await page.evaluate<readonly string[]>(OVERFLOWS);
    await context.close();
    return found;
  };

  test.each(pictures)('%s', async (file) => {
    expect(await overflows(readFileSync(path.join(root, file), 'utf8'))).toEqual([]);
  });

  test('a text that is too long is seen', async () => {
    const svg = readFileSync(path.join(root, 'docs/modes.svg'), 'utf8');
    expect(await overflows(svg.replace('>joins<', '>joins what is left of it<'))).toEqual(['joins what is left of it']);
  });
});
