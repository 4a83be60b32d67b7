import { inspect } from 'node:util';

/**
 * Every way to `canary` in `thing`, as paths: what a logger, a crash reporter or a debugger could show of it. Walks
 * own properties (hidden ones, symbols and getters too), Maps, Sets, causes and prototypes that are no built-ins,
 * and looks at every usual rendering. Also finds it base64-, percent- and JSON-encoded, and reversed.
 */
export function findCanary(thing: unknown, canary: string): string[] {
  const needles = new Set([
    canary,
    Buffer.from(canary).toString('base64').replace(/=+$/, ''),
    Buffer.from(canary).toString('hex'),
    encodeURIComponent(canary),
    JSON.stringify(canary).slice(1, -1),
    [...canary].reverse().join(''),
  ]);
  const found: string[] = [];
  const seen = new Set<unknown>();

  function look(text: string, path: string): void {
    for (const needle of needles) {
      if (!text.includes(needle)) continue;
      found.push(path);
      return;
    }
  }

  function walk(value: unknown, path: string): void {
    if (typeof value === 'string' || typeof value === 'symbol') look(String(value), path);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      look(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'), `${path}<bytes>`);
      return;
    }
    if (value instanceof Map) {
      for (const [key, item] of value) {
        walk(key, `${path}<key>`);
        walk(item, `${path}.get(${String(key)})`);
      }
    }
    if (value instanceof Set) for (const item of value) walk(item, `${path}<item>`);
    for (const key of Reflect.ownKeys(value)) {
      walk(key, `${path}<name>`);
      let member: unknown;
      try {
        member = (value as Record<PropertyKey, unknown>)[key];
      } catch {
        continue;
      }
      walk(member, `${path}.${String(key)}`);
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    const builtIn = typeof value === 'function' || Object.values(BUILT_INS).includes(prototype as object);
    if (prototype !== null && !builtIn) walk(prototype, `${path}<prototype>`);
  }

  walk(thing, '$');
  const render = (how: string, text: () => string | undefined) => {
    try {
      look(text() ?? '', `$ as ${how}`);
    } catch {
      // Not every thing can be rendered every way.
    }
  };
  render('inspect', () => inspect(thing, { depth: null, showHidden: true, getters: true, maxStringLength: null }));
  render('inspect without custom', () => inspect(thing, { depth: null, showHidden: true, customInspect: false }));
  render('JSON', () => JSON.stringify(thing));
  render('String()', () => String(thing));
  render('template literal', () => `${thing as string}`);
  render('concatenation', () => [thing, ''].join(''));
  render('spread', () => inspect({ ...(thing as object) }, { depth: null }));
  render('entries', () => inspect(Object.entries(thing as object), { depth: null }));
  render('structuredClone', () => inspect(structuredClone(thing), { depth: null, showHidden: true }));
  return found;
}

const BUILT_INS = {
  object: Object.prototype,
  array: Array.prototype,
  map: Map.prototype,
  set: Set.prototype,
  error: Error.prototype,
};
