/** Waits for something outside of this process, looking often. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, limitMs = 15_000) {
  const deadlineMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
