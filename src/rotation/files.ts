import { type Failure, fact, fail, type Result, type SafeCause, safeCause, succeed } from '../support/failure.js';
import type { Secret } from '../support/secret.js';
import { discard, makeFolder, restoreFolder, sweepFolders } from './folder.js';
import type { FileUse, PathOf, SecretFile } from './secret-file.js';

/** The only place that writes files: those of `File=true`, in one private folder of this process. */
export interface SecretFiles {
  /**
   * Composes, writes what the composition needs, and composes anew with a failure where that could not be done: all in
   * one synchronous step, so that values which mention paths are applied right behind it. Files that nothing needs any
   * more are removed.
   */
  place<T>(compose: (pathOf: PathOf) => T, filesOf: (composition: T) => readonly SecretFile[]): T;
  /** Removes everything. */
  remove(): void;
}

export function createSecretFiles(): SecretFiles {
  const fs = () => process.getBuiltinModule('node:fs');
  const path = () => process.getBuiltinModule('node:path');
  let folder: string | undefined;
  const names = new Map<string, string>();
  /** The same, in lower case. */
  const taken = new Set<string>();
  const written = new Map<string, Secret>();
  /** Why a path cannot be used, in the composition under way. */
  const failures = new Map<string, Failure>();

  function ownFolder(): string {
    if (folder !== undefined) return folder;
    sweepFolders();
    folder = makeFolder();
    // Not at a signal that ends the process by itself: to handle signals is the app's affair.
    process.once('exit', atExit);
    return folder;
  }

  function pathOf({ setting, place, extension }: FileUse): Result<string> {
    const use = JSON.stringify([setting, place]);
    try {
      const file = path().join(ownFolder(), names.get(use) ?? nameFor(use, setting, extension));
      const failure = failures.get(file);
      return failure ? fail(failure) : succeed(file);
    } catch (error) {
      return fail(notWritten(safeCause(error)));
    }
  }

  /** Its setting's name, as far as any file system takes it, and like no other. */
  function nameFor(use: string, setting: string, extension: string): string {
    const stem = setting.replaceAll(/[^\w-]/g, '_').slice(0, 64);
    let name = `${stem}${extension}`;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}-${n}${extension}`;
    names.set(use, name);
    taken.add(name.toLowerCase());
    return name;
  }

  function draftOf(file: string): string {
    return `${file}.new`;
  }

  /** Beside the file, so that it can take its place in one step: no reader ever finds half of it. */
  function draft({ path: file, content }: SecretFile): void {
    if (folder !== undefined) restoreFolder(folder);
    discard(draftOf(file));
    fs().writeFileSync(draftOf(file), content.reveal(), { mode: 0o600, flag: 'wx' });
  }

  /** All drafts first: what there is no space for fails before anything is replaced. */
  function write(files: readonly SecretFile[]): void {
    const changed = [...new Map(files.filter(isChanged).map((file) => [file.path, file])).values()];
    const drafted = changed.filter((file) => succeeds(file, () => draft(file)));
    for (const file of drafted) {
      if (drafted.length < changed.length) discard(draftOf(file.path));
      else if (succeeds(file, () => fs().renameSync(draftOf(file.path), file.path))) {
        written.set(file.path, file.content);
      }
    }
  }

  function succeeds({ path: file }: SecretFile, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      failures.set(file, notWritten(safeCause(error)));
      discard(draftOf(file));
      return false;
    }
  }

  function isChanged({ path: file, content }: SecretFile): boolean {
    return !written.get(file)?.equals(content) || !fs().existsSync(file);
  }

  function removeAllBut(needed: ReadonlySet<string>): void {
    for (const file of written.keys()) if (!needed.has(file) && discard(file)) written.delete(file);
  }

  function atExit(): void {
    remove();
    if (process.getBuiltinModule('node:worker_threads').isMainThread) sweepFolders(process.pid);
  }

  function remove(): void {
    process.removeListener('exit', atExit);
    if (folder !== undefined) discard(folder);
    folder = undefined;
    written.clear();
    names.clear();
    taken.clear();
  }

  return {
    place(compose, filesOf) {
      failures.clear();
      for (;;) {
        const before = failures.size;
        const composition = compose(pathOf);
        const files = filesOf(composition);
        write(files);
        // What failed has a failure in the next composition, so there is an end to it.
        if (failures.size > before) continue;
        removeAllBut(new Set(files.map((file) => file.path)));
        return composition;
      }
    },
    remove,
  };
}

function notWritten(cause: SafeCause): Failure {
  const denied = cause.code === 'ERR_ACCESS_DENIED';
  return fact(
    'OtherReasons',
    'ERR_FILE',
    denied
      ? 'the permission model forbids the file that File=true asks for.'
      : `the file that File=true asks for cannot be written${cause.code ? ` (${cause.code})` : ''}.`,
    denied
      ? 'Add --allow-fs-read=/dev/shm/ and --allow-fs-write=/dev/shm/ (elsewhere than on Linux: the folder for temporary files).'
      : 'It is written to /dev/shm, or where there is none to the folder for temporary files (TMPDIR): check the space and the rights there.',
    cause,
  );
}
