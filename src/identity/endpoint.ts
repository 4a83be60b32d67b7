// What the variables of a host must look like before anything is sent where they say.
import type { Environment } from '../settings/environment.js';
import { type Failure, fact, fail, type Result, succeed } from '../support/failure.js';
import { isContainersHost, isNear } from '../support/near.js';
import { isOnPlatform } from '../support/platform.js';

/** An endpoint, and the credential to show there. */
export interface NamedEndpoint {
  readonly endpoint: URL;
  readonly header: string;
}

/** From the two variables; `header` may be none, and is empty then. */
export function readEndpoint(
  env: Environment,
  setting: 'IDENTITY_ENDPOINT' | 'MSI_ENDPOINT',
  headerSetting?: 'IDENTITY_HEADER' | 'MSI_SECRET',
  isFit: (endpoint: URL) => boolean = () => true,
): Result<NamedEndpoint> {
  const endpoint = parseEndpoint(env[setting] ?? '', env);
  if (!endpoint || !isFit(endpoint)) {
    return fail({
      ...badVariable(setting, 'is not an identity endpoint'),
      hint: `The platform sets ${setting}: https, or http to this machine or the one under its container. Do not set it yourself.`,
    });
  }
  const header = headerSetting ? (env[headerSetting] ?? '') : '';
  if (headerSetting && !/^[\x21-\x7e]+$/.test(header)) {
    return fail(badVariable(headerSetting, 'holds characters that no header can carry'));
  }
  return succeed({ endpoint, header });
}

/** Plain http only to this machine or its link, and from a container to what is under it: the header is a credential. */
function parseEndpoint(text: string, env: Environment): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username || url.password || url.hash) return undefined;
  const isLocal = isNear(url.hostname) || (isOnPlatform(env) && isContainersHost(url.hostname));
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal) ? url : undefined;
}

export function badVariable(name: string, what: string): Failure {
  return fact(
    'MSINotEnabled',
    'ERR_IDENTITY_ENDPOINT',
    `${name} ${what}.`,
    `The platform sets ${name}. Do not set it yourself.`,
  );
}
