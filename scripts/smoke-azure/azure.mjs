// The few things that are asked of az and azd. Their output holds settings and tokens: it is parsed, never printed.
import spawn from 'cross-spawn';

export class UsageError extends Error {}

/** @param {string} command @param {readonly string[]} args */
function run(command, args) {
  const { error, status, stdout } = spawn.sync(command, [...args], { encoding: 'utf8', maxBuffer: 32 * 1024 * 1024 });
  if (error) {
    const where = command === 'az' ? 'the Azure CLI' : 'the Azure Developer CLI';
    throw new UsageError(
      `${command} cannot be run (${/** @type {any} */ (error).code}). Install ${where}, and sign in.`,
    );
  }
  if (status !== 0)
    throw new UsageError(
      `${command} ${args.slice(0, 3).join(' ')} failed (status ${status}). Signed in? Try it by hand.`,
    );
  return stdout;
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError('az or azd answered with something that is not JSON.');
  }
}

/** What `azd up` has left in its environment. @param {string} folder */
export function readDeployment(folder) {
  const values = parse(run('azd', ['env', 'get-values', '--output', 'json', '--cwd', folder]));
  const { AZURE_RESOURCE_GROUP: group, VAULT_NAME: vault, APP_NAME: app, APP_URL: url, APP_HOST: host } = values;
  if (!group || !vault || !app || !url) {
    throw new UsageError(`No deployment is known in ${folder}: run azd up there first (docs/deploy.md).`);
  }
  return { group, vault, app, url, kind: host === 'web' ? 'webapp' : 'functionapp' };
}

/** @param {{ group: string, vault: string, app: string, kind: string }} deployment */
export function azure({ group, vault, app, kind }) {
  const ofApp = ['--name', app, '--resource-group', group, '--output', 'none'];
  /** @param {string[]} args */
  const az = (...args) => run('az', args);
  return {
    signedIn: () => void az('account', 'show', '--output', 'none'),
    /** A change of settings restarts the app. @param {Record<string, string>} settings */
    set: (settings) =>
      void az(
        kind,
        'config',
        'appsettings',
        'set',
        ...ofApp,
        '--settings',
        ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ),
    /** @param {string[]} names */
    unset: (...names) => void az(kind, 'config', 'appsettings', 'delete', ...ofApp, '--setting-names', ...names),
    restart: () => void az(kind, 'restart', ...ofApp),
    /** Nobody reaches the vault any more, or everybody with a right does again. @param {boolean} isOpen */
    openVault: (isOpen) =>
      void az(
        'keyvault',
        'update',
        '--name',
        vault,
        '--resource-group',
        group,
        '--output',
        'none',
        '--public-network-access',
        isOpen ? 'Enabled' : 'Disabled',
      ),
    /**
     * By `az rest`, so that no token comes here.
     *
     * @returns {Record<string, unknown> | undefined} what Kudu shows; nothing where it does not answer
     */
    kudu() {
      const site = parse(az(kind, 'show', '--name', app, '--resource-group', group, '--output', 'json'));
      // Flex Consumption's are one level deeper.
      const names = site?.hostNameSslStates ?? site?.properties?.hostNameSslStates;
      const scm = names?.find((/** @type {any} */ state) => state.hostType === 'Repository')?.name;
      if (!scm) return undefined;
      try {
        const url = `https://${scm}/api/settings`;
        return parse(az('rest', '--method', 'get', '--url', url, '--resource', 'https://management.core.windows.net/'));
      } catch {
        return undefined;
      }
    },
  };
}
