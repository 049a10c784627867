/** Types whose objects are kept as they were given, under the path that their API has them by. */
import type { Entry, Kept } from "./kept.ts";
import type { ResourceType, Seen } from "./resource.ts";
import type { Properties } from "./values.ts";

export interface KeptTypeArgs {
  pathOf(inputs: Properties): string;
  entryOf(inputs: Properties, path: string): Entry;
  /** What only the API itself can tell of what it makes: asked once, before it is kept. */
  answered?: ((inputs: Properties) => Promise<Properties>) | undefined;
  /** Whether the API never deletes: the name is taken for ever. */
  stays: boolean | undefined;
}

export function keptType(
  kept: Kept,
  { pathOf, entryOf, answered, stays }: KeptTypeArgs,
): Omit<ResourceType, "replaceOn"> {
  const withAnswer = (entry: Entry, answer: Properties = {}): Entry =>
    answered ? { ...entry, outputs: { ...entry.outputs, ...answer } } : entry;
  return {
    async create(inputs) {
      const id = pathOf(inputs);
      const entry = entryOf(inputs, id);
      // What a killed process made is there, with its answer, and is not made again.
      const answer = answered && (kept.get(id)?.outputs ?? (await answered(inputs)));
      kept.add(id, withAnswer(entry, answer));
      return id;
    },
    read: async (id) => seenIn(kept, id),
    async update(id, inputs) {
      kept.change(id, withAnswer(entryOf(inputs, id), kept.get(id)?.outputs));
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
