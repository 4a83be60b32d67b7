// The forms in which token endpoints have stated when a token expires.
import type { ExpiryForm } from '../types.js';

/** `M/D/YYYY h:mm:ss AM +00:00`, as App Service 2017-09-01 writes it. */
function toDateForm(epochSeconds: number): string {
  const date = new Date(epochSeconds * 1000);
  const hours = date.getUTCHours();
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
  const time = `${hours % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day} ${time} ${hours < 12 ? 'AM' : 'PM'} +00:00`;
}

/** The members of a token reply that say when it expires. */
export function expiryMembers(
  form: Exclude<ExpiryForm, 'protocol'>,
  expiresAtSeconds: number,
  lifeSeconds: number,
): Record<string, string | number> {
  switch (form) {
    case 'epoch-string':
      return { expires_on: String(expiresAtSeconds) };
    case 'epoch-number':
      return { expires_on: expiresAtSeconds };
    case 'date':
      return { expires_on: toDateForm(expiresAtSeconds) };
    case 'iso':
      return { expires_on: new Date(expiresAtSeconds * 1000).toISOString() };
    case 'expires_in':
      return { expires_in: lifeSeconds };
    case 'none':
      return {};
  }
}
