import { statSync } from 'node:fs';
import path from 'node:path';
import { liveEnvironment } from '../../settings/environment.js';
import { MARKER } from '../../settings/scan.js';
import { isEnabled } from '../../support/config.js';
import { isOnPlatform } from '../../support/platform.js';
import { readTextFile } from './files.js';
import type { SourceOptions } from './sources.js';

/** How to read the files of this folder that hold references and were not asked for, where none was found. */
export function hintOfUnread({ envFile = [], settings }: SourceOptions): string | undefined {
  if (!isEnabled(liveEnvironment(), {})) return undefined;
  const isGiven = (file: string) =>
    [...envFile, settings].some((one) => one && path.resolve(one) === path.resolve(file));
  const options = ['.env', '.env.local'].map((file) => [file, `-e ${file}`]);
  // Left alone on purpose, or nothing that a process of the platform would read.
  if (settings === undefined && !isOnPlatform(liveEnvironment())) {
    options.push(['local.settings.json', '--settings local.settings.json']);
  }
  const unread = options.filter(([file = '']) => !isGiven(file) && holdsReference(file));
  if (unread.length === 0) return undefined;
  const [files, flags] = [unread.map(([file]) => file), unread.map(([, flag]) => flag)];
  const [verb, was] = unread.length === 1 ? ['holds', 'was'] : ['hold', 'were'];
  return `${files.join(' and ')} ${verb} references, and ${was} not read: add ${flags.join(' ')}.`;
}

function holdsReference(file: string): boolean {
  try {
    // Password managers put a pipe there, which whoever reads it has to wait for, and empties.
    if (!statSync(file).isFile()) return false;
    const lines = readTextFile(file).split('\n');
    return lines.some((line) => !/^\s*(#|\/\/)/.test(line) && (MARKER.test(line) || /[="']\s*akvs:\/\//i.test(line)));
  } catch {
    return false;
  }
}
