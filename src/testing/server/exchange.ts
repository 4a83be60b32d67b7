// One request and its answer, as the emulated services see them.

export interface Incoming {
  readonly method: string;
  /** Without the query, and without a trailing slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string | undefined;
  header(name: string): string | undefined;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonReply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

export const emptyReply = (status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: '',
});
