const MASK = Buffer.from('***');

/** Shorter ones stand in everything. */
const MIN_CHARACTERS = 4;
/** Of the beginning of a value, no more than this is ever shown. */
const MAX_SHOWN = 3;

/** Conceals texts in a stream of bytes. Everything else passes byte for byte. */
export interface Mask {
  /** What may be shown now. At most the beginning of a text, at the very end, is held back. */
  push(chunk: Uint8Array): Buffer;
  /** Whether `settle` would show something. */
  readonly canSettle: boolean;
  /**
   * For a silence, as after a prompt: shows what is held back when it is at most three bytes, and remembers them. If
   * they were the beginning of a text after all, the rest of it is concealed.
   */
  settle(): Buffer;
  /** What is left at the end. */
  end(): Buffer;
}

/** What to look for: each text, its lines, and how JSON and URLs write them. */
export function patternsOf(texts: Iterable<string>): readonly Buffer[] {
  const patterns = new Set<string>();
  for (const text of texts) {
    for (const piece of [text, ...text.split(/\r\n|\r|\n/).map((line) => line.trim())]) {
      if (piece.length < MIN_CHARACTERS) continue;
      patterns.add(piece).add(JSON.stringify(piece).slice(1, -1));
      if (piece.isWellFormed()) patterns.add(encodeURIComponent(piece));
    }
  }
  return [...patterns].map((pattern) => Buffer.from(pattern));
}

/**
 * Every byte that belongs to an occurrence of a pattern is concealed, and a run of such bytes becomes one `***`: so
 * overlapping patterns need no order, and the result does not depend on how the stream was cut into chunks. Patterns
 * have four bytes at least. (A text that itself holds `***` could be put together by the mask; it is none.)
 */
export function createMask(patterns: readonly Buffer[]): Mask {
  /** By their first two bytes: nearly every position of a stream is dismissed by one look. */
  const isStart = new Uint8Array(0x10000);
  const byStart = new Map<number, Buffer[]>();
  const isFirst = new Uint8Array(0x100);
  for (const pattern of patterns) {
    const start = pairAt(pattern, 0);
    isStart[start] = 1;
    isFirst[pattern[0] ?? 0] = 1;
    byStart.set(start, [...(byStart.get(start) ?? []), pattern]);
  }
  const longest = Math.max(0, ...patterns.map(({ length }) => length));

  let held: Buffer = Buffer.alloc(0);
  /** How many bytes of `held` have been shown. */
  let shown = 0;
  /** Up to where `held` belongs to a run that has its `***`; below 0: there is none. */
  let runEnd = -1;
  /** Where in `held` that begins of which nothing stands in the output yet. */
  const rest = () => Math.max(shown, runEnd);

  /** Where the first text begins that may go on behind the end. */
  function openStart(data: Buffer): number {
    const { length } = data;
    for (let at = Math.max(0, length - longest + 1); at < length - 1; at++) {
      const start = pairAt(data, at);
      if (isStart[start] && byStart.get(start)?.some((pattern) => beginsWith(pattern, data, at))) return at;
    }
    return length > 0 && isFirst[data[length - 1] ?? 0] ? length - 1 : length;
  }

  /** Shows what stands before `limit`, and holds the rest. */
  function show(data: Buffer, limit: number): Buffer {
    const parts: Buffer[] = [];
    const flush = (to: number) => {
      const from = rest();
      if (to > from) parts.push(data.subarray(from, to));
    };
    for (let at = 0; at < limit && at + 1 < data.length; at++) {
      const start = pairAt(data, at);
      if (isStart[start] === 0) continue;
      let length = 0;
      for (const pattern of byStart.get(start) ?? []) {
        if (pattern.length > length && standsAt(pattern, data, at)) length = pattern.length;
      }
      if (length === 0) continue;
      flush(at);
      // A silence may have shown the beginning of what prolongs the run.
      if (at > runEnd || shown > runEnd) parts.push(MASK);
      runEnd = Math.max(runEnd, at + length);
    }
    flush(limit);
    held = Buffer.from(data.subarray(limit));
    shown = Math.max(0, shown - limit);
    runEnd -= limit;
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  return {
    push(chunk) {
      const data = held.length === 0 ? asBuffer(chunk) : Buffer.concat([held, chunk]);
      return show(data, openStart(data));
    },
    get canSettle() {
      return held.length > rest() && held.length <= MAX_SHOWN;
    },
    settle() {
      if (held.length > MAX_SHOWN) return Buffer.alloc(0);
      const bytes = held.subarray(rest());
      shown = held.length;
      return bytes;
    },
    end() {
      return show(held, held.length);
    },
  };
}

function pairAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function standsAt(pattern: Buffer, data: Buffer, at: number): boolean {
  // Two more bytes, before a call that costs more than all that precedes it.
  if (pattern[2] !== data[at + 2] || pattern[3] !== data[at + 3]) return false;
  const end = at + pattern.length;
  return end <= data.length && data.compare(pattern, 0, pattern.length, at, end) === 0;
}

/** Whether what stands from `at` to the end is the beginning of the pattern, and not all of it. */
function beginsWith(pattern: Buffer, data: Buffer, at: number): boolean {
  const length = data.length - at;
  return pattern.length > length && data.compare(pattern, 0, length, at) === 0;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
