/**
 * After an update that was killed: the engine's lock is lifted, and what a create may have left behind before its
 * answer was recorded is found by its name and removed, so that the next update makes it anew.
 */
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { messageOf, UserError } from "../../shared/errors.ts";
import type { Package } from "../providers/machine/resource.ts";
import { type Properties, revealAll } from "../providers/machine/values.ts";
import { fromState } from "../providers/machine/wire.ts";
import { isLocked, readState, type StackLayout, type StateResource } from "./layout.ts";

/** Quick when there is nothing to mend: two looks at the disk. */
export async function repair(stack: Stack, layout: StackLayout, packages: readonly Package[]): Promise<void> {
  if (isLocked(layout)) await stack.cancel();
  const state = readState(layout);
  const pending = state?.pending_operations ?? [];
  if (pending.length === 0) return;
  const recorded = new Set((state?.resources ?? []).map(({ type, id }) => `${type} ${id}`));
  for (const { type, resource } of pending) {
    if (type === "creating") await removeLeftover(resource, recorded, packages);
  }
  const whole = await stack.exportStack();
  await stack.importStack({ ...whole, deployment: { ...whole.deployment, pending_operations: [] } });
}

async function removeLeftover(resource: StateResource, recorded: ReadonlySet<string>, packages: readonly Package[]) {
  const pkg = packages.find(({ name }) => resource.type.startsWith(`${name}:`));
  const type = pkg?.typeOf(resource.type);
  if (!type?.find) return;
  const inputs: Properties = revealAll(fromState(resource.inputs ?? {}));
  const call = { urn: resource.urn, signal: AbortSignal.timeout(60_000) };
  try {
    const id = await type.find(inputs, call);
    if (id === undefined || recorded.has(`${resource.type} ${id}`)) return;
    const seen = await type.read?.(id, call, inputs);
    if (seen) await type.delete(id, call, { ...inputs, ...seen.inputs, ...seen.outputs });
  } catch (error) {
    throw new UserError(
      `${resource.urn} was being made when the last update was killed, and what is left of it cannot be removed: ${messageOf(error)}. Remove it by hand, then run the command again.`,
      { exitCode: 1, cause: error },
    );
  }
}
