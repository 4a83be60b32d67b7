// What the variables of a host must look like before anything is sent where they say.
import type { Environment } from '../settings/environment.js';
import { type Failure, fail, type Result, succeed } from '../support/failure.js';
import { isNear } from '../support/near.js';

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
  const endpoint = parseEndpoint(env[setting] ?? '');
  if (!endpoint || !isFit(endpoint)) {
    return fail({
      ...badVariable(setting, 'is not an identity endpoint'),
      hint: `The platform sets ${setting}: https, or http to loopback or 169.254.0.0/16. Do not set it yourself.`,
    });
  }
  const header = headerSetting ? (env[headerSetting] ?? '') : '';
  if (headerSetting && !/^[\x21-\x7e]+$/.test(header)) {
    return fail(badVariable(headerSetting, 'holds characters that no header can carry'));
  }
  return succeed({ endpoint, header });
}

/** Plain http only to this machine or its link: the header is a credential. */
function parseEndpoint(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username || url.password || url.hash) return undefined;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isNear(url.hostname)) ? url : undefined;
}

export function badVariable(name: string, what: string): Failure {
  return {
    status: 'MSINotEnabled',
    code: 'ERR_IDENTITY_ENDPOINT',
    details: `${name} ${what}.`,
    hint: `The platform sets ${name}. Do not set it yourself.`,
    retry: 'never',
  };
}
