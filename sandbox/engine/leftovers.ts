/** Objects that a create made and no state knows: each is found by its intent, told from another's, and removed. */
import { messageOf, UserError } from "../../shared/errors.ts";
import { bearsMark, isMarked, typeInUrn } from "../providers/machine/journal.ts";
import { create } from "../providers/machine/lifecycle.ts";
import type { Call, Package, ResourceType } from "../providers/machine/resource.ts";
import type { Entry } from "./journal.ts";
import type { State } from "./layout.ts";

/** @returns those that were looked for in vain: there is nothing, or the cloud has not come to it yet */
export async function removeLeftovers(
  entries: readonly Entry[],
  state: State | undefined,
  packages: readonly Package[],
): Promise<Entry[]> {
  const recorded = recordedIn(state);
  const missing: Entry[] = [];
  // What was begun later may stand on what was begun before.
  for (const entry of entries.toReversed()) {
    const token = typeInUrn(entry.urn);
    const isRecorded = (id: string) => recorded.has(`${token} ${id}`);
    const pkg = packages.find(({ name }) => token.startsWith(`${name}:`));
    const type = pkg?.typeOf(token);
    // A package that the engine configures makes by name and takes over: its calls cannot be made before the engine's.
    if (!type || pkg?.configure) continue;
    const found = await told(entry, () => remove(type, entry, isRecorded));
    if (!found && entry.made === undefined && type.find) missing.push(entry);
  }
  return missing.reverse();
}

/** Of those that are missing, the ones that can be told from their likes however late they appear: by the mark. */
export function lateOnes(missing: readonly Entry[], packages: readonly Package[]): Entry[] {
  const types = (urn: string) => packages.map((pkg) => pkg.typeOf(typeInUrn(urn)));
  return missing
    .filter(({ urn }) => types(urn).some((type) => type && isMarked(type)))
    .map((entry) => ({ ...entry, late: true }));
}

/** `type id` of all that the engine counts as existing; what it has removed to make it anew is listed, and is not. */
function recordedIn(state: State | undefined): Set<string> {
  const existing = (state?.resources ?? []).filter(({ pendingReplacement }) => !pendingReplacement);
  return new Set(existing.map(({ type, id }) => `${type} ${id}`));
}

/** @returns whether there was one, the state's or a leftover */
async function remove(type: ResourceType, entry: Entry, isRecorded: (id: string) => boolean): Promise<boolean> {
  const call = { urn: entry.urn, signal: AbortSignal.timeout(60_000) };
  const id = entry.made ?? (await idOf(type, entry, call));
  if (id === undefined) return false;
  if (isRecorded(id)) return true;
  const seen = await type.read?.(id, call, entry.inputs);
  // In the time since then somebody else may have made its like.
  if (!seen || (entry.late && !bearsMark(seen, entry))) return false;
  await type.delete(id, call, { ...entry.inputs, ...seen.inputs, ...seen.outputs });
  return true;
}

async function idOf(type: ResourceType, { inputs, before, failed }: Entry, call: Call): Promise<string | undefined> {
  if (type.find) {
    const id = await type.find(inputs, call);
    return id === before ? undefined : id;
  }
  // Nothing is to be gained from failing twice.
  if (failed) return undefined;
  try {
    // The create takes over what exists: made once more, it tells the id.
    return (await create(type, inputs, call)).id;
  } catch (error) {
    // What the service will not have does not exist; mostly its parent is gone.
    if (error instanceof Error && "$fault" in error && error.$fault === "client") return undefined;
    throw error;
  }
}

async function told<T>({ urn }: Entry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(
      `${urn} was being made when the last update ended, and what is left of it cannot be removed: ${messageOf(error)}. Remove it by hand, then run the command again.`,
      { exitCode: 1, cause: error },
    );
  }
}
