/** What must go again whatever becomes of a probe: at its end, when it fails, and when the whole is interrupted. */

type Remove = () => Promise<unknown>;

const pending = new Set<Remove>();
const signals = ["SIGINT", "SIGTERM"] as const;
const interruptedCode = 130;

/** @param remove may be called twice, and before `work` has made anything */
export async function withCleanup<T>(remove: Remove, work: () => Promise<T>): Promise<T> {
  if (pending.size === 0) for (const signal of signals) process.once(signal, interrupted);
  pending.add(remove);
  try {
    return await work();
  } finally {
    await remove();
    pending.delete(remove);
    if (pending.size === 0) for (const signal of signals) process.off(signal, interrupted);
  }
}

/** What could not be removed then has a time of its own, after which the next probe does it. */
function interrupted(): void {
  process.stderr.write(`interrupted: taking away what the probe made (${pending.size})\n`);
  void Promise.allSettled([...pending].map((remove) => remove())).then(() => process.exit(interruptedCode));
}
