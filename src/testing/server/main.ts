// The emulator's thread. This file and all it imports travel as one string
// inside vaultstrap/testing (scripts/embedded-sources.mjs).
import { parentPort, workerData } from 'node:worker_threads';
import { EmulatorError } from '../errors.js';
import type { Answer, Call, ServerSettings } from '../protocol.js';
import { createCommands } from './commands.js';
import { startServers } from './servers.js';

// A diagnostic report must not carry the environment; the switch is one per thread.
if (process.report) process.report.excludeEnv = true;

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) return;
  const answer = (message: Answer): void => port.postMessage(message);
  const refuse = (id: number, error: unknown): void => {
    // Of an error that is not ours only the name: its text could quote a value.
    const known = error instanceof EmulatorError;
    const message = known ? error.message : `the emulator failed: ${error instanceof Error ? error.name : 'unknown'}`;
    answer({ id, failure: { code: known ? error.code : 'ERR_EMULATOR_STATE', message } });
  };
  try {
    const servers = await startServers(workerData as ServerSettings);
    const commands = createCommands(servers);
    port.on('message', ({ id, command, args }: Call) => {
      try {
        answer({ id, result: (commands[command] as (...args: readonly unknown[]) => unknown)(...args) });
      } catch (error) {
        refuse(id, error);
      }
    });
    answer({ id: 0, result: servers.started });
  } catch (error) {
    refuse(0, error);
  }
}

void main();
