import type { ChildProcess } from 'node:child_process';

type Params = Record<string, unknown>;

/** The little that is needed of a debugger's side of the Chrome DevTools protocol. */
export interface Inspector {
  send(method: string, params?: Params): Promise<unknown>;
  on(event: string, act: (params: Params) => void): void;
  next(event: string): Promise<Params>;
}

/** Attaches to a process that was started with `--inspect` or `--inspect-brk`, and leaves when it has ended. */
export async function attach(child: ChildProcess): Promise<Inspector> {
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', (chunk: string) => {
      text += chunk;
      const found = /ws:\/\/\S+/.exec(text);
      if (found) resolve(found[0]);
    });
    child.once('exit', () => reject(new Error(`ended without an inspector: ${text}`)));
  });
  const socket = new WebSocket(url);
  const answers = new Map<number, (result: unknown) => void>();
  const listeners = new Map<string, ((params: Params) => void)[]>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result, method, params } = JSON.parse(String(data));
    if (id !== undefined) answers.get(id)?.(result);
    for (const act of listeners.get(method) ?? []) act(params);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  const on: Inspector['on'] = (event, act) => listeners.set(event, [...(listeners.get(event) ?? []), act]);
  const send: Inspector['send'] = (method, params = {}) =>
    new Promise((resolve) => {
      answers.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  // A process that has ended waits for its debugger to go.
  on('Runtime.executionContextDestroyed', () => socket.close());
  await send('Runtime.enable');
  return { send, on, next: (event) => new Promise((resolve) => on(event, resolve)) };
}
