import { expect, test } from 'vitest';
import { prefersHtml } from '../../src/functions/accept.js';

test.each<[string | null | undefined, boolean]>([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML ; charset=utf-8', true],
  ['text/html, application/json', true],
  ['application/json, text/html;q=0.9', false],
  ['application/json;q=0.5, text/html;q=0.9', true],
  ['text/html;q=-1', false],
  ['application/json;q=0.5, text/html', true],
  ['text/html;q=0', false],
  ['text/html;q=2', false],
  ['text/html;q=x', false],
  ['text/*', false],
  ['*/*', false],
  ['', false],
  [null, false],
  [undefined, false],
])('%s: %s', (accept, html) => {
  expect(prefersHtml(accept)).toBe(html);
});
