import { MARKER } from '../../settings/scan.js';
import { createLoader } from './app/load-order.js';
import { envFilesLate, notFirst } from './app/not-first.js';
import { readProject } from './app/project.js';
import type { References } from './app/rules.js';
import { type Found, nameFrom } from './files.js';
import { type Finding, finding, inOrder } from './finding.js';
import { readEnvFile } from './settings/env-file.js';
import { type BindingUse, checkHostReads, checkSchedules, hostReads } from './settings/host.js';
import { checkImpossible } from './settings/impossible.js';
import { readBicep, readTerraform } from './settings/infrastructure.js';
import { readLocalSettingsFile, readTemplateJson } from './settings/json.js';
import { checkOwnSettings } from './settings/own.js';
import { findPlaintextSecrets } from './settings/plaintext.js';
import { checkNodeOptions } from './settings/preload.js';
import { checkReferences, isOurs } from './settings/references.js';
import { isSample, type SettingsFile } from './settings/setting.js';

export interface Outcome {
  readonly findings: readonly Finding[];
  /** What was looked at. */
  readonly files: number;
  readonly references: number;
  /** A package.json looked at is the root of workspaces. */
  readonly hasWorkspaces?: boolean;
}

const READERS = {
  local: readLocalSettingsFile,
  env: readEnvFile,
  bicep: readBicep,
  terraform: readTerraform,
  template: readTemplateJson,
} as const;

/** Looks at files without running anything in them, and without the network. */
export async function lintFiles(all: readonly Found[], cwd: string): Promise<Outcome> {
  const { lintApp } = await import('../lint-app.js');
  const found = all.filter(({ mistake }) => !mistake);
  const settingsFiles = found.flatMap(({ kind, source }) =>
    kind in READERS ? [READERS[kind as keyof typeof READERS](source)] : [],
  );
  const references = countReferences(settingsFiles);
  const projects = found.filter(({ kind }) => kind === 'manifest').map(({ source }) => readProject(source));
  const apps = projects.map((project) => lintApp(project, references, (file) => nameFrom(cwd, file)));
  const code = found.filter(({ kind }) => kind === 'code').map(({ source }) => source.path);
  const loader = createLoader((file) => nameFrom(cwd, file));
  const ofCode = code.flatMap((file) => {
    const loads = loader.load(file, new Set());
    return [...notFirst(loads, loader), ...envFilesLate(loads, references.inEnvFiles)];
  });
  const bindings = [...apps.flatMap((app) => app.bindings), ...loader.all().flatMap((module) => module.bindings)];

  const isFunctions = projects.some((project) => project.isFunctions);
  const ofSettings = await Promise.all(settingsFiles.map((file) => lintSettings(file, bindings, isFunctions)));
  return {
    findings: inOrder([
      ...all.flatMap(withoutText),
      ...ofSettings.flat(),
      ...apps.flatMap((app) => app.findings),
      ...ofCode,
      ...loader.all().flatMap((module) => module.findings),
    ]),
    files: all.length + apps.reduce((sum, app) => sum + app.files, 0),
    references: references.all,
    hasWorkspaces: projects.some((project) => project.hasWorkspaces),
  };
}

function withoutText({ source, mistake }: Found): readonly Finding[] {
  if (!mistake) return [];
  const message = mistake.message.replace(source.file, 'this file');
  const hint = mistake.hint ?? 'Mend it, or name the files to look at, and not this one.';
  return [finding(source, { start: 0, end: 0 }, ['unreadable-file', 'error'], message, hint)];
}

async function lintSettings(
  file: SettingsFile,
  bindings: readonly BindingUse[],
  isFunctions: boolean,
): Promise<readonly Finding[]> {
  const { config, findings } = checkOwnSettings(file);
  const inFunctions = isFunctions || file.settings.some(({ name }) => /^(FUNCTIONS_|AzureWebJobsStorage)/.test(name));
  return [
    ...file.findings,
    ...findings,
    ...checkImpossible(file),
    ...checkReferences(file, config),
    ...checkHostReads(file, bindings, inFunctions),
    ...checkNodeOptions(file),
    ...checkSchedules(file, bindings),
    ...(await findPlaintextSecrets(file, (name) => hostReads(name, bindings, inFunctions))),
  ];
}

/** Settings with references, and of them those that only vaultstrap resolves. */
function countReferences(files: readonly SettingsFile[]): References & { all: number } {
  const valuesOf = (some: readonly SettingsFile[]) =>
    some.flatMap(({ settings }) => settings.map(({ value }) => value));
  const values = valuesOf(files);
  const envFiles = files.filter((file) => file.kind === 'env' && !isSample(file));
  return {
    all: values.filter((value) => MARKER.test(value)).length,
    ours: values.filter(isOurs).length,
    inEnvFiles: valuesOf(envFiles).filter(isOurs).length,
  };
}
