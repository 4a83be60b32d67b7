import { existsSync } from 'node:fs';
import path from 'node:path';
import { readProject } from '../lint/app/project.js';
import { nameFrom } from '../lint/files.js';
import { identityBased, isNamedBy } from '../lint/settings/host.js';
import { readExactText } from '../support/files.js';

/** Why a setting stays where it is: a trigger or binding of the Function App beside the file names it. */
export async function hostReadsBeside(file: string): Promise<(setting: string) => string | undefined> {
  const dir = path.dirname(path.resolve(file));
  const manifest = path.join(dir, 'package.json');
  if (!existsSync(path.join(dir, 'host.json')) || !existsSync(manifest)) return () => undefined;
  const project = readProject({ file: 'package.json', path: manifest, text: readExactText(manifest, 'package.json') });
  const { lintApp } = await import('../lint-app.js');
  const { bindings } = lintApp(project, { ours: 0, inEnvFiles: 0 }, (name) => nameFrom(process.cwd(), name));
  return (setting) => {
    const use = bindings.find((one) => isNamedBy(one, setting));
    if (!use) return undefined;
    const who = `read by the Functions host for ${use.source.file}`;
    return use.isConnection
      ? `${who}: use an identity-based connection (${identityBased(use)}), or on Azure @Microsoft.KeyVault(...), which the platform resolves`
      : `${who}: written plainly, since it is no secret`;
  };
}
