import type { SecretReference } from '../../src/settings/reference.js';
import { printIdentity } from '../../src/support/identity-selector.js';

/** Hosts that a `VaultName` stands for. */
const BY_NAME = /^(?=[^.]{3,24}\.)[a-z](?:-?[a-z0-9])*\.vault\.azure\.net$/;

/** A reference as text that means the same, in its shortest form: what was read is never too long when it is printed. */
export function printReference(reference: SecretReference): string {
  const { marker, host, vault, secret, version, field, encode, format, identity } = reference;
  const pinned = version ? `/${version}` : '';
  if (marker === 'akvs') return `akvs://0/${vault}/${secret}${pinned}`;
  const params = BY_NAME.test(host)
    ? [`VaultName=${vault}`, `SecretName=${secret}`, ...(version ? [`SecretVersion=${version}`] : [])]
    : [`SecretUri=https://${host}/secrets/${secret}${pinned}`];
  if (identity) params.push(`Identity=${printIdentity(identity)}`);
  if (field !== undefined) params.push(`Field=${field}`);
  if (encode) params.push(`Encode=${encode}`);
  if (format) params.push(`Format=${format}`);
  if (reference.file) params.push('File=true');
  if (reference.optional) params.push('Optional=true');
  if (reference.default !== undefined) params.push(`Default=${reference.default}`);
  return `${marker}(${params.join(';')})`;
}
