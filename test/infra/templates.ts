// The templates as texts, and what can be read out of all three languages without their compilers.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../scripts/embedded-sources.mjs';

const folder = path.join(root, 'infra');
const read = (...names: string[]) => readFileSync(path.join(folder, ...names), 'utf8');
const readAll = (where: string, ending: string) =>
  readdirSync(path.join(folder, where))
    .filter((name) => name.endsWith(ending))
    .map((name) => read(where, name))
    .join('\n');

/** Comments are prose. */
const code = (text: string) => text.replace(/^\s*(\/\/|#).*$/gm, '');

export interface Template {
  readonly name: 'Bicep' | 'ARM' | 'Terraform';
  readonly text: string;
  /** The names that Terraform and the others give to what the user chooses, in lower case without `_`. */
  readonly parameters: readonly string[];
}

export interface ArmResource {
  readonly type: string;
  readonly apiVersion: string;
  readonly scope?: string;
  readonly condition?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export const arm = JSON.parse(read('azuredeploy.json')) as {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly resources: readonly ArmResource[];
};

const bicep = code(`${read('main.bicep')}\n${readAll('modules', '.bicep')}`);
const terraform = code(readAll('terraform', '.tf'));
const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
const captured = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] as string);

export const templates: readonly Template[] = [
  {
    name: 'Bicep',
    text: bicep,
    parameters: captured(code(read('main.bicep')), /^param (\w+)/gm).map(plain),
  },
  { name: 'ARM', text: JSON.stringify(arm, undefined, 2), parameters: Object.keys(arm.parameters).map(plain) },
  { name: 'Terraform', text: terraform, parameters: captured(terraform, /^variable "(\w+)"/gm).map(plain) },
];

/** `Microsoft.Web/sites@2024-11-01` of everything that is deployed. */
export function resourcesOf({ name, text }: Template): readonly string[] {
  const found =
    name === 'ARM'
      ? arm.resources.map(({ type, apiVersion }) => `${type}@${apiVersion}`)
      : name === 'Bicep'
        ? captured(text, /^resource \w+ '([^']+)'(?! existing)/gm)
        : captured(text, /^\s+type\s+= "(Microsoft\.[^"]+)"/gm);
  return [...new Set(found)].sort();
}

const GUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

export function guidsOf({ text }: Template): readonly string[] {
  return [...new Set(text.match(GUID) ?? [])].sort();
}

/** Names of app settings, ours and the platform's, that the template itself writes. */
export function settingsOf({ text }: Template): readonly string[] {
  const names = text.match(
    /\b(AzureWebJobs\w+|APPLICATIONINSIGHTS_\w+|AZURE_CLIENT_ID|SCM_DO_\w+|WEBSITE_\w+|VAULTSTRAP_\w+|FUNCTIONS_\w+)\b/g,
  );
  return [...new Set(names ?? [])].sort();
}

/** Written-out members in the form `name=literal`: what decides how safe a resource is. */
export function literalsOf({ name, text }: Template): ReadonlySet<string> {
  const member =
    name === 'ARM'
      ? /"(\w+)": ("(?:[^"\\[]|\\.)*"|true|false|\d+)(?=,?$)/gm
      : name === 'Bicep'
        ? /^\s+(\w+): ('(?:[^'$\\]|\\.)*'|true|false|\d+)$/gm
        : /^\s+(\w+)\s+= ("(?:[^"$\\]|\\.)*"|true|false|\d+)$/gm;
  const found = [...text.matchAll(member)].map(([, key, value]) => `${key}=${value?.replace(/^['"]|['"]$/g, '')}`);
  return new Set(found);
}

/** Everything in quotation marks that may hold a reference. */
export function textsOf({ name, text }: Template): readonly string[] {
  return name === 'Bicep' ? captured(text, /'((?:[^'\\\n]|\\.)*)'/g) : captured(text, /"((?:[^"\\\n]|\\.)*)"/g);
}
