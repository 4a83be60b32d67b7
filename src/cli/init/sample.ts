import { existsSync } from 'node:fs';
import path from 'node:path';
import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import { MARKER } from '../../settings/scan.js';
import { printJson } from '../../support/json.js';
import type { Project } from '../lint/app/project.js';
import { readExactText } from '../support/files.js';
import { type Change, styleOf } from './edit.js';

const NAME = 'DB_PASSWORD';
const REFERENCE = '@KeyVault(VaultName=my-vault;SecretName=db-password)';

/** An example of a reference where the app keeps its sample of settings; nothing when there is one. */
export function addSample(project: Project): Change | undefined {
  return project.isFunctions ? localSettings(project.dir) : envFile(project.dir);
}

function localSettings(dir: string): Change | undefined {
  const names = ['local.settings.sample.json', 'local.settings.example.json', 'sample.local.settings.json'];
  const file = names.find((name) => existsSync(path.join(dir, name))) ?? 'local.settings.sample.json';
  const before = read(dir, file);
  if (before === undefined) {
    const Values = {
      FUNCTIONS_WORKER_RUNTIME: 'node',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      [NAME]: REFERENCE,
    };
    return { file, before, after: printJson({ IsEncrypted: false, Values }) };
  }
  const tree = parseTree(before);
  if (tree?.type !== 'object' || hasReference(before) || findNodeAtLocation(tree, ['Values', NAME])) return undefined;
  const { newline, indent } = styleOf(before);
  const edits = modify(before, ['Values', NAME], REFERENCE, { formattingOptions: { ...indent, eol: newline } });
  return { file, before, after: applyEdits(before, edits) };
}

/** The sample of a .env file: the one that is there, or ours. */
export function envSampleOf(dir: string): string {
  const names = ['.env.sample', '.env.example', '.env.template'];
  return names.find((name) => existsSync(path.join(dir, name))) ?? '.env.sample';
}

function envFile(dir: string): Change | undefined {
  const file = envSampleOf(dir);
  const before = read(dir, file);
  if (before === undefined) return { file, before, after: `${NAME}=${REFERENCE}\n` };
  if (hasReference(before) || new RegExp(`^\\s*(export\\s+)?${NAME}\\s*=`, 'm').test(before)) return undefined;
  const { newline } = styleOf(before);
  const glue = before === '' || before.endsWith('\n') ? '' : newline;
  return { file, before, after: `${before}${glue}${NAME}=${REFERENCE}${newline}` };
}

function hasReference(text: string): boolean {
  return MARKER.test(text) || /akvs:\/\//i.test(text);
}

function read(dir: string, file: string): string | undefined {
  const full = path.join(dir, file);
  return existsSync(full) ? readExactText(full, file) : undefined;
}
