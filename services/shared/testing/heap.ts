import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** @returns what is still used of the heap once everything that can be collected is. */
export async function settledHeapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
