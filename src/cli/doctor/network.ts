import { BlockList, isIP } from 'node:net';
import { isVaultHost } from '../../support/vault-names.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { HostSight } from './look.js';

/** Addresses that no vault has in public. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('100.64.0.0', 10);
PRIVATE.addSubnet('127.0.0.0', 8);
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addAddress('::1', 'ipv6');

const isPrivate = (address: string) => PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** What was seen on the way to a vault, and what it means. */
export function examineWay(host: string, sight: HostSight): readonly Finding[] {
  const names = sight.names ? examineNames(host, sight.names) : [];
  return [...names, ...(sight.tls ? [examineTls(host, sight.tls)] : [])];
}

function examineNames(host: string, { addresses, alias, error }: NonNullable<HostSight['names']>): readonly Finding[] {
  if (error === 'ENOTFOUND' || error === 'ENODATA') {
    const remedy = isVaultHost(host)
      ? VAULT_ABSENT(host)
      : 'Check the host in the reference, and in VAULTSTRAP_ALLOWED_HOSTS.';
    return [
      bad('network', `the name does not exist here (${error}).`, remedy, { about: host, facts: { code: error } }),
    ];
  }
  if (error !== undefined) {
    return [
      bad(
        'network',
        `no name server answered (${error}).`,
        `Check that this machine has a network and a name server: nslookup ${host.split(':', 1)}`,
        { about: host, facts: { code: error } },
      ),
    ];
  }
  const hasPrivateLink = alias !== undefined && /\.privatelink\./.test(alias);
  const facts = { addresses, ...(alias !== undefined && { alias }) };
  const text = `${addresses.join(', ')}${alias ? ` (${alias})` : ''}`;
  if (hasPrivateLink && addresses.every((address) => !isPrivate(address))) {
    return [
      warning(
        'network',
        `${text}: it has a private endpoint, and the name leads to the public address all the same.`,
        'If the vault refuses public access, link the private DNS zone privatelink.vaultcore.azure.net to this network (with Linux apps: vnetRouteAllEnabled).',
        { about: host, facts },
      ),
    ];
  }
  const isInside = addresses.some(isPrivate);
  return [good('network', `${text}${isInside ? ': a private endpoint' : ''}`, { about: host, facts })];
}

const VAULT_ABSENT = (host: string) =>
  `Check the vault's name (az keyvault show --name ${host.split('.', 1)}) and cloud (VAULTSTRAP_VAULT_SUFFIX). A vault with public access switched off has its name in its own network only: link the private DNS zone privatelink.vaultcore.azure.net to it.`;

function examineTls(host: string, tls: NonNullable<HostSight['tls']>): Finding {
  const { kind, code, protocol, subject, issuer, validTo } = tls;
  const facts = { ...tls };
  const certificate = `${subject ? `a certificate of ${subject}` : 'a certificate'}${issuer ? ` by ${issuer}` : ''}`;
  if (!kind) {
    const until = validTo ? `, valid until ${validTo}` : '';
    return good('network', `${protocol ?? 'TLS'}, ${certificate}${until}`, { about: host, facts });
  }
  if (kind === 'tls') {
    return bad(
      'network',
      `its certificate is not to be trusted (${code ?? 'unknown'}): ${certificate}.`,
      'Something on the way signs TLS anew, or its authority is missing: give the authority to Node at its start, NODE_EXTRA_CA_CERTS=/path/ca.pem. With the emulator, VAULTSTRAP_VAULT_CA is that of another one.',
      { about: host, facts },
    );
  }
  return bad(
    'network',
    `no connection (${code ?? kind}).`,
    'Let port 443 of it out: network security group, firewall, route table; or reach the vault by a private endpoint.',
    { about: host, facts },
  );
}
