import { claimsOf } from './claims.js';

/** When nothing tells how long a token lives. */
const UNKNOWN_LIFE_MS = 5 * 60_000;
/** Seconds since 1970 stay below this until the year 5138; larger numbers are milliseconds. */
const LARGEST_SECONDS = 1e11;

/**
 * When a token expires, in milliseconds since 1970. Endpoints say it as an epoch string, an
 * epoch number, `M/D/YYYY h:mm:ss AM +00:00`, ISO 8601, `expires_in` alone, or not at all
 * (then the token itself may). Numbers before dates: `Date.parse('1700000000')` is a year.
 */
export function expiryMs(
  reply: { readonly expires_on?: unknown; readonly expires_in?: unknown; readonly access_token: string },
  nowMs: number,
): number {
  return (
    absoluteMs(reply.expires_on) ??
    relativeMs(reply.expires_in, nowMs) ??
    absoluteMs(claimsOf(reply.access_token)['exp']) ??
    nowMs + UNKNOWN_LIFE_MS
  );
}

function absoluteMs(value: unknown): number | undefined {
  const seconds = numeric(value);
  if (seconds !== undefined) {
    if (seconds <= 0) return undefined;
    return seconds < LARGEST_SECONDS ? seconds * 1000 : seconds;
  }
  const parsed = typeof value === 'string' ? Date.parse(inUtc(value)) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

const ZONE = /(?:[a-z]{3}|z|[+-]\d\d:?\d\d)$/i;

/** What names no zone is no time of this process's own (`TZ`, `WEBSITE_TIME_ZONE`), as JavaScript would have it. */
function inUtc(date: string): string {
  if (ZONE.test(date)) return date;
  return /\dT\d/.test(date) ? `${date}Z` : `${date} UTC`;
}

function relativeMs(value: unknown, nowMs: number): number | undefined {
  const seconds = numeric(value);
  return seconds !== undefined && seconds > 0 && seconds < LARGEST_SECONDS ? nowMs + seconds * 1000 : undefined;
}

function numeric(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^\s*\d{1,16}(\.\d{1,6})?\s*$/.test(value) ? Number(value) : undefined;
}
