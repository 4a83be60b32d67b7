import { isSecretName } from '../support/vault-names.js';

/** What Event Grid says of a secret, checked; names only. */
export interface SecretEvent {
  readonly kind: 'new-version' | 'near-expiry' | 'expired';
  readonly vault: string;
  readonly secret: string;
  readonly expiresOn?: Date;
}

const KINDS = new Map<string, SecretEvent['kind']>([
  ['microsoft.keyvault.secretnewversioncreated', 'new-version'],
  ['microsoft.keyvault.secretnearexpiry', 'near-expiry'],
  ['microsoft.keyvault.secretexpired', 'expired'],
]);

const VAULT = /^[0-9a-z](?:[0-9a-z-]{0,125}[0-9a-z])?$/i;
const SECRET_ID = /^https:\/\/([0-9a-z-]+)\.[^/?#@]+\/secrets\/([0-9a-z-]+)(?:\/[0-9a-z]*)?$/i;
const TOPIC = /\/providers\/microsoft\.keyvault\/vaults\/([0-9a-z-]+)\/?$/i;

/**
 * Reads an event in Event Grid's own schema or as a CloudEvent. The documentation shows keys and values
 * with stray spaces (`"ObjectName "`), numbers as text, and `id` for `Id`: all are accepted.
 * https://learn.microsoft.com/azure/event-grid/event-schema-key-vault
 *
 * @returns `undefined` for anything but a well-formed event about a secret of one vault. Pure; never throws
 * for what JSON can hold.
 */
export function parseSecretEvent(event: unknown): SecretEvent | undefined {
  const outer = fieldsOf(event);
  const data = fieldsOf(outer.get('data'));
  const kind = KINDS.get((textOf(outer, 'eventtype') ?? textOf(outer, 'type') ?? '').toLowerCase());
  if (!kind) return undefined;
  const objectType = textOf(data, 'objecttype');
  if (objectType !== undefined && objectType.toLowerCase() !== 'secret') return undefined;

  const [, idVault, idSecret] = SECRET_ID.exec(textOf(data, 'id') ?? '') ?? [];
  const [, topicVault] = TOPIC.exec(textOf(outer, 'topic') ?? textOf(outer, 'source') ?? '') ?? [];
  const vault = theOne([textOf(data, 'vaultname'), idVault, topicVault]);
  const secret = textOf(data, 'objectname') ?? idSecret ?? textOf(outer, 'subject');
  if (!vault || !VAULT.test(vault) || !secret || !isSecretName(secret)) return undefined;

  const expiresOn = new Date(Number(textOf(data, 'exp') || Number.NaN) * 1000);
  return { kind, vault, secret, ...(!Number.isNaN(expiresOn.getTime()) && { expiresOn }) };
}

/** Own fields, under their names without spaces and capitals. */
function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map();
  return new Map(Object.entries(value).map(([key, field]) => [key.trim().toLowerCase(), field]));
}

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Several places name the same thing: `undefined` when they contradict each other, or none does. */
function theOne(names: readonly (string | undefined)[]): string | undefined {
  const said = names.filter((name) => name !== undefined);
  const [first] = said;
  return said.every((name) => name.toLowerCase() === first?.toLowerCase()) ? first : undefined;
}
