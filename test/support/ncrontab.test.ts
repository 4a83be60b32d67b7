// A wrong no keeps an app from starting; a wrong yes is found by the host, later and without a word of ours.
import { expect, test } from 'vitest';
import { isSchedule } from '../../src/support/ncrontab.js';

test.each([
  '0 */5 * * * *',
  '*/5 * * * *',
  '0 30 9-17/2 1,15 Jan-Mar mon',
  '0  0   * * *  1-5',
  '00:05:00',
  '5:00',
  '24:00:00',
  '1.02:00:00',
  '365.00:00',
])('%j is a schedule', (text) => expect(isSchedule(text)).toBe(true));

test.each([
  '',
  'often',
  '@daily',
  '* * * *',
  '* * * * * * *',
  ' * * * * *',
  '* * * * * ',
  '*\t* * * *',
  '*\n* * * *',
  '? * * * *',
  '* * * * * ?',
  '05',
  '123:00',
  ':05:00',
  '0:5:00',
  '00:005',
  '00:05:0',
  '00:05:000',
  '00:05:00:00',
  '00:05:xx',
  '00x05',
  '1,02:00:00',
  'x.02:00:00',
  '.02:00:00',
  'every 00:05:00',
  '00:05:00 or so',
])('%j is none', (text) => expect(isSchedule(text)).toBe(false));
