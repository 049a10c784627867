/** Types whose objects are kept as they were given, under the path that their API has them by. */
import type { Entry, Kept } from "./kept.ts";
import type { ResourceType, Seen } from "./resource.ts";
import type { Properties } from "./values.ts";

export interface KeptTypeArgs {
  pathOf(inputs: Properties): string;
  entryOf(inputs: Properties, path: string): Entry;
  /** Whether the API never deletes: the name is taken for ever. */
  stays: boolean | undefined;
}

export function keptType(kept: Kept, { pathOf, entryOf, stays }: KeptTypeArgs): Omit<ResourceType, "replaceOn"> {
  return {
    async create(inputs) {
      const id = pathOf(inputs);
      kept.add(id, entryOf(inputs, id));
      return id;
    },
    read: async (id) => seenIn(kept, id),
    async update(id, inputs) {
      kept.change(id, entryOf(inputs, id));
    },
    async delete(id) {
      const held = kept.get(id);
      if (held && stays) kept.change(id, { ...held, destroyed: true });
      else kept.remove(id);
    },
  };
}

export function seenIn(kept: Kept, id: string): Seen | undefined {
  const entry = kept.get(id);
  if (!entry || entry.destroyed) return undefined;
  return { inputs: entry.inputs, outputs: entry.outputs };
}
