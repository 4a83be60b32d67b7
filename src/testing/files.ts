// Two hosts prove who asks by a file that only the right processes can read. These are the emulator's: written when
// that host is imitated, by the thread that says where they are, and removed with the emulator or the process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmulatorError } from './errors.js';

/** The agent's own, and the only one from which the SDK takes a key on Linux (msal-node, `AzureArc.ts`). */
export const ARC_KEY_FOLDER = '/var/opt/azcmagent/tokens';

export interface HostFiles {
  /** Writes the agent's key. @throws EmulatorError where that cannot be done. */
  arcKey(file: string, key: string): void;
  /** Writes the service account's token; returns the path. */
  federatedToken(token: string): string;
  /** The agent's key changes, if there is one. */
  renewArcKey(key: string): void;
  remove(): void;
}

export function createHostFiles(): HostFiles {
  let arcFile: string | undefined;
  let folder: string | undefined;

  const remove = () => {
    process.off('exit', remove);
    if (arcFile) rmSync(arcFile, { force: true });
    if (folder) rmSync(folder, { force: true, recursive: true });
    arcFile = undefined;
    folder = undefined;
  };
  const keep = () => {
    process.off('exit', remove);
    process.once('exit', remove);
  };
  const write = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 });

  return {
    arcKey(file, key) {
      if (process.platform !== 'linux') {
        throw new EmulatorError('ERR_EMULATOR_STATE', 'azure-arc can be imitated on Linux only');
      }
      try {
        mkdirSync(ARC_KEY_FOLDER, { recursive: true });
        write(file, key);
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        throw new EmulatorError(
          'ERR_EMULATOR_STATE',
          `azure-arc needs a key in ${ARC_KEY_FOLDER}, from where alone the SDK takes it, and cannot write there (${code}). ` +
            `Once per machine: sudo install -d -o "$USER" ${ARC_KEY_FOLDER}`,
        );
      }
      arcFile = file;
      keep();
    },
    federatedToken(token) {
      if (!folder) {
        folder = mkdtempSync(path.join(tmpdir(), 'vaultstrap-emulator-'));
        keep();
      }
      const file = path.join(folder, 'azure-identity-token');
      write(file, token);
      return file;
    },
    renewArcKey(key) {
      if (arcFile) write(arcFile, key);
    },
    remove,
  };
}
