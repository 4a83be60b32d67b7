// Lists come in pages of at most 25; the link to the next one says where this ended.
import { jsonReply, type Reply } from './exchange.js';
import { badParameter } from './vault-errors.js';

const MAX_PAGE = 25;

/** `entries` must be sorted by `key`, so that a page is right even if the list has changed since. */
export function pageReply<T>(
  address: string,
  query: URLSearchParams,
  entries: readonly T[],
  key: (entry: T) => string,
  toJson: (entry: T) => object,
): Reply {
  const asked = query.get('maxresults') ?? String(MAX_PAGE);
  const size = /^\d{1,2}$/.test(asked) ? Number(asked) : 0;
  if (size < 1 || size > MAX_PAGE) return badParameter(`maxresults must be from 1 to ${MAX_PAGE}.`);
  const marker = query.get('$skiptoken');
  const after = marker === null ? undefined : Buffer.from(marker, 'base64url').toString();
  const rest = after === undefined ? entries : entries.filter((entry) => key(entry) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const next = new URLSearchParams({
    'api-version': query.get('api-version') ?? '',
    $skiptoken: last === undefined ? '' : Buffer.from(key(last)).toString('base64url'),
    maxresults: String(size),
  });
  return jsonReply(200, {
    value: page.map(toJson),
    nextLink: rest.length > page.length ? `${address}?${next}` : null,
  });
}
