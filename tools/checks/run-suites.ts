/**
 * Runs all with no more than `cores` of them busy: the next in line starts when there is room, and one that fits is let
 * past one that does not. Each is settled before this is.
 */
export async function runAll<Item extends { cores: number }>(
  items: readonly Item[],
  cores: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const running = new Set<Promise<void>>();
  let free = cores;
  while (waiting.length > 0 || running.size > 0) {
    for (
      let next = nextThatFits(waiting, free, running.size);
      next !== -1;
      next = nextThatFits(waiting, free, running.size)
    ) {
      const [item] = waiting.splice(next, 1) as [Item];
      const taken = Math.min(item.cores, cores);
      free -= taken;
      const under = run(item).finally(() => {
        free += taken;
        running.delete(under);
      });
      running.add(under);
    }
    await Promise.race(running);
  }
}

/** What wants more than there is runs alone. */
function nextThatFits(waiting: readonly { cores: number }[], free: number, running: number): number {
  return waiting.findIndex(({ cores }) => cores <= free || running === 0);
}
