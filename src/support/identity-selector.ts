import type { Environment } from './platform.js';

/** Which managed identity is meant. */
export type IdentitySelector =
  | { readonly kind: 'system' }
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'object'; readonly id: string }
  | { readonly kind: 'resource'; readonly id: string };

export const SYSTEM_ASSIGNED: IdentitySelector = { kind: 'system' };

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const RESOURCE_ID =
  /^\/subscriptions\/[^/\s]+\/resourcegroups\/[^/\s]+\/providers\/microsoft\.managedidentity\/userassignedidentities\/[^/\s]+$/i;

/** `system`, a client id, `object:{guid}` or an ARM resource id; `undefined` for anything else. */
export function parseIdentity(text: string): IdentitySelector | undefined {
  if (/^system$/i.test(text)) return SYSTEM_ASSIGNED;
  if (GUID.test(text)) return { kind: 'client', id: text.toLowerCase() };
  const object = /^object:(.*)$/is.exec(text)?.[1]?.trim();
  if (object !== undefined) {
    return GUID.test(object) ? { kind: 'object', id: object.toLowerCase() } : undefined;
  }
  return RESOURCE_ID.test(text) ? { kind: 'resource', id: text } : undefined;
}

export function printIdentity(selector: IdentitySelector): string {
  if (selector.kind === 'system') return 'system';
  return selector.kind === 'object' ? `object:${selector.id}` : selector.id;
}

/** Whether `AZURE_CLIENT_ID` names an app registration: its secret or certificate stands beside it. */
export function namesAppRegistration(env: Environment): boolean {
  return Boolean(env['AZURE_CLIENT_SECRET'] || env['AZURE_CLIENT_CERTIFICATE_PATH']);
}
