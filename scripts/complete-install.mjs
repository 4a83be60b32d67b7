// Runs at the end of `npm ci`, on the Node that the project brings. npm under an older Node silently leaves out
// optional packages whose `engines` it does not satisfy, and the Azure SDK is optional: install what is missing,
// as the lock file has it, with the newer Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const modules = path.join(import.meta.dirname, '../node_modules');
const optional = ['@azure/identity', '@azure/keyvault-secrets'];
const wanted = existsSync(path.join(modules, 'vitest')) && process.env.npm_config_omit !== 'optional';
const npm = process.env.npm_execpath;

if (wanted && npm && optional.some((name) => !existsSync(path.join(modules, name)))) {
  const { status } = spawnSync(process.execPath, [npm, 'install', '--no-save', '--ignore-scripts'], {
    cwd: path.dirname(modules),
    stdio: 'inherit',
    env: { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false' },
  });
  process.exitCode = status ?? 1;
}
