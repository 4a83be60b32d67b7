/** Waits for something outside of this process, looking often. */
export async function until(condition: () => Promise<boolean> | boolean, limitMs = 15_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`did not come true in ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
