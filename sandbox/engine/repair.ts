/**
 * After an update that was killed or failed: the engine's lock is lifted, and what the journal says was being made and
 * the state does not know is removed, so that the next update makes it anew. The state's own list of pending creates
 * is not enough for that: a dying engine that gets no answer strikes them out.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import type { Package } from "../providers/machine/resource.ts";
import { type Entry, keepInJournal, readJournal } from "./journal.ts";
import { isLocked, readState, type StackLayout } from "./layout.ts";
import { lateOnes, removeLeftovers } from "./leftovers.ts";

/** The cloud may still carry out the requests of a process that is dead, and nobody can ask whether it does. */
const settledMs = 1_000;

/** Quick when there is nothing to mend: three looks at the disk. */
export async function repair(
  stack: Pick<Stack, "cancel" | "exportStack" | "importStack">,
  layout: StackLayout,
  packages: readonly Package[],
  settle = () => sleep(settledMs),
): Promise<void> {
  if (isLocked(layout)) await stack.cancel();
  const entries = readJournal(layout);
  const mend = (some: readonly Entry[]) => removeLeftovers(some, readState(layout), packages);
  if (entries.some(isUnanswered)) await settle();
  let missing = await mend(entries);
  if (missing.some(isUnanswered)) {
    // The first look may have stood in line before a request of the dead, where the cloud was only just starting.
    await settle();
    missing = await mend(missing);
  }
  if ((readState(layout)?.pending_operations ?? []).length > 0) {
    const whole = await stack.exportStack();
    await stack.importStack({ ...whole, deployment: { ...whole.deployment, pending_operations: [] } });
  }
  if (entries.length > 0) keepInJournal(layout, lateOnes(missing, packages));
}

/** Once an operation has ended well: the state knows all that it made, and what was late has had its time. */
export async function closeJournal(layout: StackLayout, packages: readonly Package[]): Promise<void> {
  const entries = readJournal(layout);
  if (entries.length === 0) return;
  await removeLeftovers(entries, readState(layout), packages);
  keepInJournal(layout, []);
}

function isUnanswered({ made, failed, late }: Entry): boolean {
  return made === undefined && !failed && !late;
}
