import type { Environment } from '../../settings/environment.js';
import { isTooOld } from '../../startup/node-version.js';
import { OLDEST_NODE } from '../../support/builtin.js';
import { printsTraffic } from '../../support/platform.js';
import { bad, type Finding, good, warning } from './finding.js';

export interface Runtime {
  /** `process.versions.node` */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

/** Which Node, and where it runs, by what the environment says. */
export function examineRuntime({ node, platform, arch }: Runtime, env: Environment): readonly Finding[] {
  const host = hostOf(env);
  const facts = { node, platform, arch, host };
  const text = `Node ${node} on ${platform} ${arch}; ${host}`;
  return [
    isTooOld(node)
      ? bad(
          'runtime',
          text,
          `vaultstrap needs Node ${OLDEST_NODE} or newer: WEBSITE_NODE_DEFAULT_VERSION or the stack setting on App Service, nvm elsewhere.`,
          { facts },
        )
      : good('runtime', text, { facts }),
    ...traps(env),
  ];
}

/** The most telling first: the local tools imitate the platform. */
function hostOf(env: Environment): string {
  const has = (name: string) => Boolean(env[name]);
  const isLocal = env['AZURE_FUNCTIONS_ENVIRONMENT'] === 'Development' || has('FUNCTIONS_CORETOOLS_ENVIRONMENT');
  if (isLocal) return 'Functions, on this machine (Core Tools)';
  if (has('FUNCTIONS_WORKER_RUNTIME') || has('FUNCTIONS_EXTENSION_VERSION')) {
    const sku = env['WEBSITE_SKU'];
    return sku && /^[\w ]{1,40}$/.test(sku) ? `Azure Functions (${sku})` : 'Azure Functions';
  }
  if (has('CONTAINER_APP_NAME') || has('CONTAINER_APP_JOB_NAME')) return 'Container Apps';
  if (has('WEBSITE_SITE_NAME') || has('WEBSITE_INSTANCE_ID')) return 'App Service';
  if (has('KUBERNETES_SERVICE_HOST')) return 'Kubernetes';
  if (has('Fabric_ServiceName') || has('Fabric_ApplicationName')) return 'Service Fabric';
  if (has('CI') || has('TF_BUILD') || has('GITHUB_ACTIONS')) return 'a build agent';
  return 'no platform that its variables would tell';
}

/** What makes a process behave unlike others. */
function traps(env: Environment): readonly Finding[] {
  const findings: Finding[] = [];
  if (printsTraffic(env)) {
    findings.push(
      warning(
        'runtime',
        'NODE_DEBUG prints request headers, with tokens.',
        "Remove it outside of a developer's machine.",
      ),
    );
  }
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    findings.push(
      warning(
        'runtime',
        'NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the verification of certificates for the rest of your app.',
        'vaultstrap verifies all the same. Remove it; NODE_EXTRA_CA_CERTS names a certificate authority of your own.',
      ),
    );
  }
  if (env['WEBSITE_DISABLE_MSI'] && !/^(0|false)$/i.test(env['WEBSITE_DISABLE_MSI'])) {
    findings.push(
      bad(
        'runtime',
        'WEBSITE_DISABLE_MSI switches the token endpoint off.',
        'Remove this app setting and restart the app.',
      ),
    );
  }
  return findings;
}
