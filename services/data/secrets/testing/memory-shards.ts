/** Shards in memory, with Kubernetes' own refusals: a stale revision, a Secret that is full. */
import { BackendError } from "../backend.ts";
import type { Shards } from "../catalogue.ts";

export interface MemoryShards extends Shards {
  /** All that rests there. */
  held: Map<string, Record<string, string>>;
  /** Runs before the next write is looked at, once. */
  beforeWrite?: (() => Promise<unknown>) | undefined;
  /** What the next call meets. */
  trouble?: Error | undefined;
}

/** @param maxBytes of one shard. @default what Kubernetes keeps in one Secret */
export function memoryShards(count = 4, maxBytes = 1024 * 1024): MemoryShards {
  const names = Array.from({ length: count }, (_, at) => `shard-${at}`);
  const held = new Map<string, Record<string, string>>(names.map((name) => [name, {}]));
  const revisions = new Map(names.map((name) => [name, 1]));
  const shards: MemoryShards = {
    names,
    held,
    async read(name) {
      if (shards.trouble) throw shards.trouble;
      return { data: { ...held.get(name) }, revision: String(revisions.get(name)) };
    },
    async write(name, key, text, revision) {
      const first = shards.beforeWrite;
      shards.beforeWrite = undefined;
      await first?.();
      if (revision !== String(revisions.get(name))) return false;
      const { [key]: _, ...others } = held.get(name) ?? {};
      const next = text === null ? others : { ...others, [key]: text };
      const size = Object.values(next).reduce((sum, each) => sum + each.length, 0);
      if (size > maxBytes) throw new BackendError("full", "the cluster has no room for this secret");
      held.set(name, next);
      revisions.set(name, (revisions.get(name) ?? 0) + 1);
      return true;
    },
  };
  return shards;
}
