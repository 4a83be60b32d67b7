/** Memory, not a disk, on nearly every Linux; no other machine shares it. */
const MEMORY = '/dev/shm';

/**
 * A new folder that only this user may enter (0700, a random name, made by this call or not at all), in memory where
 * there is some for files. On Windows the rights are those of the user's own folder for temporary files.
 */
export function makeFolder(): string {
  const fs = process.getBuiltinModule('node:fs');
  const path = process.getBuiltinModule('node:path');
  const start = `vaultstrap-${namespaceId()}-${process.pid}-`;
  if (process.platform === 'linux') {
    try {
      return fs.mkdtempSync(path.join(MEMORY, start));
    } catch {
      // Not there, full, or not ours to write.
    }
  }
  return fs.mkdtempSync(path.join(process.getBuiltinModule('node:os').tmpdir(), start));
}

/** A logout may have emptied /dev/shm (RemoveIPC of systemd-logind), and somebody else may have taken the name since. */
export function restoreFolder(folder: string): void {
  const fs = process.getBuiltinModule('node:fs');
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (!found) fs.mkdirSync(folder, { mode: 0o700 });
  const isOurs = !found || (found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid()));
  if (!isOurs) throw Object.assign(new Error('not our folder'), { code: 'EPERM' });
}

/** Whether it is gone. On Windows a file that somebody reads cannot be removed. */
export function discard(place: string): boolean {
  try {
    process.getBuiltinModule('node:fs').rmSync(place, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes what processes left in memory that were ended by a signal: this user's, of this very namespace of process ids
 * (another container may share the memory, and its processes cannot be seen from here), and of processes that are no more.
 * `ending`: this process, whose worker threads end without a word when the main thread does.
 */
export function sweepFolders(ending?: number): void {
  if (process.platform !== 'linux') return;
  const fs = process.getBuiltinModule('node:fs');
  const path = process.getBuiltinModule('node:path');
  const namespace = namespaceId();
  if (namespace === NO_NAMESPACE) return;
  try {
    for (const name of fs.readdirSync(MEMORY)) {
      const [, from, pid] = /^vaultstrap-(\d+)-(\d+)-\w{6}$/.exec(name) ?? [];
      if (from !== namespace || (Number(pid) !== ending && isAlive(Number(pid)))) continue;
      const folder = path.join(MEMORY, name);
      const { uid } = fs.lstatSync(folder);
      if (uid === process.getuid?.()) discard(folder);
    }
  } catch {
    // A kindness, no duty.
  }
}

const NO_NAMESPACE = '0';

function namespaceId(): string {
  try {
    const link = process.getBuiltinModule('node:fs').readlinkSync('/proc/self/ns/pid');
    return /^pid:\[(\d+)\]$/.exec(link)?.[1] ?? NO_NAMESPACE;
  } catch {
    return NO_NAMESPACE;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too (EPERM).
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
