import { setTimeout as sleep } from "node:timers/promises";

export async function until(check: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(50)) {
    if (await check()) return;
  }
  throw new Error("did not come about in time");
}
