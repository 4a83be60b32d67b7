export interface WorkLimits {
  /** Items of one queue under way. */
  readonly each: number;
  /** Items of all queues under way. */
  readonly all: number;
}

/**
 * Works through queues, each in its order. The next item is of the queue with the fewest under way, so that queues which
 * hang never get more than their share while others wait. `work` never rejects; it is told which worker does it.
 */
export async function workThrough<T>(
  queues: readonly (readonly T[])[],
  { each, all }: WorkLimits,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const lines = queues.map((items) => ({ items, next: 0, running: 0 }));
  let turn = 0;

  /** Of several with as few under way, the one whose turn it is. */
  function nextLine() {
    let chosen: (typeof lines)[number] | undefined;
    let place = turn;
    for (let looked = 0; looked < lines.length; looked++) {
      const line = lines[(turn + looked) % lines.length];
      if (!line || line.next === line.items.length || line.running >= (chosen?.running ?? each)) continue;
      chosen = line;
      place = turn + looked;
    }
    turn = (place + 1) % lines.length;
    return chosen;
  }

  /** Ends when all that is left belongs to queues with enough under way: those who work on them go on with it. */
  async function worker(_: unknown, number: number): Promise<void> {
    for (let line = nextLine(); line; line = nextLine()) {
      const item = line.items[line.next++] as T;
      line.running++;
      await work(item, number);
      line.running--;
    }
  }
  const items = queues.reduce((sum, queue) => sum + queue.length, 0);
  await Promise.all(Array.from({ length: Math.min(all, items) }, worker));
}
