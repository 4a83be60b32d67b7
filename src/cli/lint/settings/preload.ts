import { type Finding, finding } from '../finding.js';
import type { SettingsFile } from './setting.js';

/** An app setting reaches every Node process of the site, Kudu's and npm's too, in which there is no vaultstrap. */
export function checkNodeOptions(file: SettingsFile): readonly Finding[] {
  // A .env file is read by one program.
  if (file.kind === 'env') return [];
  return file.settings
    .filter(
      ({ name, value }) => /^(APPSETTING_)?NODE_OPTIONS$/i.test(name) && /vaultstrap\/(preload|register)/.test(value),
    )
    .map(({ value, at }) =>
      finding(
        file.source,
        at(0, value.length),
        ['preload-in-node-options', 'error'],
        'NODE_OPTIONS as an app setting breaks every other Node process of the site, "npm -v" included.',
        "Put it into the start command (node --import vaultstrap/preload app.js), or import 'vaultstrap/register' first.",
      ),
    );
}
