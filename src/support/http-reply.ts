import type { HttpReply } from './http.js';

/** What became of a reply, once that is known. */
export type ReplyOutcome =
  /** `keepsAlive`: another request may follow on the same connection. */
  | { readonly ok: true; readonly reply: HttpReply; readonly keepsAlive: boolean }
  | { readonly ok: false; readonly problem: 'malformed' | 'too-large' | 'torn' };

export interface ReplyReader {
  /** Takes the next bytes; `undefined` while the reply is not complete. */
  push(chunk: Buffer): ReplyOutcome | undefined;
  /** The other side has ended the connection. */
  end(): ReplyOutcome;
}

/** Node's limit, too: `--max-http-header-size`. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Interim replies, sizes of chunks, ends of chunks: beyond what a body of the greatest length may need again for itself. */
const MAX_OVERHEAD_BYTES = 64 * 1024;
/** A chunk's size, and extensions that nobody uses. */
const MAX_SIZE_LINE_BYTES = 1024;

/** What every reply begins with. */
const PROTOCOL = 'HTTP/1.';
/** A head as a whole, without its end: told in one go, so that taking it apart need not look again. */
const HEAD =
  /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
const CHUNK_SIZE = /^([\da-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;

const NOTHING: Buffer = Buffer.alloc(0);

const MALFORMED: ReplyOutcome = { ok: false, problem: 'malformed' };
const TOO_LARGE: ReplyOutcome = { ok: false, problem: 'too-large' };
const TORN: ReplyOutcome = { ok: false, problem: 'torn' };

/** `again`: there may be another step to take with what has come; `more`: not before more comes. */
type Step = ReplyOutcome | 'again' | 'more';

/**
 * Reads one reply of HTTP/1.0 or 1.1 to a GET or POST, whatever pieces it comes in. Strict: where the standard lets a
 * recipient choose between an error and a guess (two lengths, folded headers, bare line feeds), it is an error.
 * https://www.rfc-editor.org/rfc/rfc9112
 */
export function createReplyReader(maxBytes: number): ReplyReader {
  /** Came, and belongs to no complete part yet. */
  let unread = NOTHING;
  const body: Buffer[] = [];
  let bodyBytes = 0;
  let head: Head | undefined;
  let trailerBytes = 0;
  let receivedBytes = 0;
  /** Of the body, or of its present chunk. */
  let leftBytes = 0;
  let step: () => Step = readHead;

  function readHead(): Step {
    const text = takeThrough('\r\n\r\n', MAX_HEAD_BYTES);
    // What speaks another protocol may wait for us to go on.
    if (text === undefined) return startsLikeReply(unread) ? moreUpTo(MAX_HEAD_BYTES) : MALFORMED;
    head = parseHead(text);
    if (!head || head.status === 101) return MALFORMED;
    if (head.status < 200) return 'again';
    if (head.framing === 'chunked') step = readChunkSize;
    else if (head.framing === 'until-close') step = readUntilClose;
    else if (head.framing > maxBytes) return TOO_LARGE;
    else {
      leftBytes = head.framing;
      step = readLength;
    }
    return 'again';
  }

  function readLength(): Step {
    return takeBody() ?? (leftBytes === 0 ? complete() : 'more');
  }

  function readUntilClose(): Step {
    leftBytes = unread.length;
    return takeBody() ?? 'more';
  }

  function readChunkSize(): Step {
    const line = takeThrough('\r\n', MAX_SIZE_LINE_BYTES);
    if (line === undefined) return moreUpTo(MAX_SIZE_LINE_BYTES);
    const digits = CHUNK_SIZE.exec(line)?.[1];
    if (digits === undefined) return MALFORMED;
    leftBytes = Number.parseInt(digits, 16);
    step = leftBytes === 0 ? readTrailer : readChunk;
    return 'again';
  }

  function readChunk(): Step {
    const problem = takeBody();
    if (problem) return problem;
    if (leftBytes > 0) return 'more';
    step = readChunkEnd;
    return 'again';
  }

  function readChunkEnd(): Step {
    if (takeThrough('\r\n', 2) === undefined) return moreUpTo(2);
    step = readChunkSize;
    return 'again';
  }

  /** Headers behind the body: nothing of ours is among them. */
  function readTrailer(): Step {
    const line = takeThrough('\r\n', MAX_HEAD_BYTES);
    if (line === undefined) return moreUpTo(MAX_HEAD_BYTES);
    trailerBytes += line.length + 2;
    if (trailerBytes > MAX_HEAD_BYTES) return MALFORMED;
    return line === '' ? complete() : 'again';
  }

  /** Takes the text before a mark, and the mark, if they are within so many bytes. */
  function takeThrough(mark: string, mostBytes: number): string | undefined {
    const end = unread.indexOf(mark, 0, 'latin1');
    if (end < 0 || end + mark.length > mostBytes) return undefined;
    const text = unread.toString('latin1', 0, end);
    unread = unread.subarray(end + mark.length);
    return text;
  }

  function moreUpTo(mostBytes: number): Step {
    return unread.length < mostBytes ? 'more' : MALFORMED;
  }

  function takeBody(): ReplyOutcome | undefined {
    // Mostly all that came: a part of it would be an object of its own, and so would the rest.
    const isAll = unread.length <= leftBytes;
    const part = isAll ? unread : unread.subarray(0, leftBytes);
    bodyBytes += part.length;
    if (bodyBytes > maxBytes) return TOO_LARGE;
    body.push(part);
    unread = isAll ? NOTHING : unread.subarray(leftBytes);
    leftBytes -= part.length;
    return undefined;
  }

  function complete(): ReplyOutcome {
    const { status = 0, headers = {}, keepsAlive = false } = head ?? {};
    const [first = NOTHING] = body;
    const text = (body.length > 1 ? Buffer.concat(body) : first).toString('utf8');
    // More than was asked for: whatever it is, it is not the reply to the next request.
    return { ok: true, reply: { status, headers, body: text }, keepsAlive: keepsAlive && unread.length === 0 };
  }

  return {
    push(chunk) {
      receivedBytes += chunk.length;
      // Small pieces of a body hold on to all that came with them.
      if (receivedBytes > 2 * maxBytes + MAX_OVERHEAD_BYTES) return TOO_LARGE;
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      let outcome = step();
      while (outcome === 'again') outcome = step();
      return outcome === 'more' ? undefined : outcome;
    },
    end: () => (step === readUntilClose ? complete() : TORN),
  };
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly keepsAlive: boolean;
  /** How the body ends: after so many bytes, or as named. */
  readonly framing: number | 'chunked' | 'until-close';
}

/** `undefined` when it is malformed. */
function parseHead(text: string): Head | undefined {
  if (!HEAD.test(text)) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (let end = text.indexOf('\r\n'); end >= 0; ) {
    const begin = end + 2;
    const colon = text.indexOf(':', begin);
    end = text.indexOf('\r\n', colon);
    const name = text.slice(begin, colon).toLowerCase();
    const value = text.slice(colon + 1, end < 0 ? undefined : end).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const status = Number(text.slice(9, 12));
  const framing = framingOf(status, headers);
  if (framing === undefined) return undefined;
  const isPersistent = text[PROTOCOL.length] === '1' && framing !== 'until-close';
  return { status, headers, framing, keepsAlive: isPersistent && !/\bclose\b/i.test(headers['connection'] ?? '') };
}

/**
 * Of a final reply: RFC 9112, section 6.3. `undefined` when the headers contradict each other, which is malformed for any
 * status.
 */
function framingOf(status: number, headers: Readonly<Record<string, string>>): Head['framing'] | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (length !== undefined && (encoding !== undefined || !/^\d{1,15}$/.test(length))) return undefined;
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return undefined;
  if (status === 204 || status === 304) return 0;
  if (encoding !== undefined) return 'chunked';
  return length === undefined ? 'until-close' : Number(length);
}

function startsLikeReply(bytes: Buffer): boolean {
  const begin = bytes.toString('latin1', 0, PROTOCOL.length);
  return PROTOCOL.startsWith(begin);
}
