/**
 * Which secrets there are, in a fixed number of Kubernetes Secrets that the stack makes: so the service's role names each
 * one it touches, where the right to make and list Secrets would open every other in the namespace as well.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { BackendError, type SecretRecord } from "./backend.ts";
import { pathOf, type SecretRef } from "./secret.ts";

/** One entry's JSON. The value stands in it where the cluster itself is the backend. */
const entrySchema = z.object({
  project: z.string(),
  domain: z.string(),
  name: z.string(),
  createdAt: z.number(),
  version: z.string(),
  /** Base64. */
  value: z.string().optional(),
});

export type Entry = SecretRecord & { value?: string | undefined };

/** Kubernetes Secrets of known names. Keys and texts are those of their data, decoded. */
export interface Shards {
  names: readonly string[];
  read(name: string): Promise<{ data: Record<string, string>; revision: string }>;
  /** @returns false: the shard has changed since that revision. @throws BackendError */
  write(name: string, key: string, text: string | null, revision: string): Promise<boolean>;
}

export interface Catalogue {
  find(ref: SecretRef): Promise<Entry | undefined>;
  list(): Promise<Entry[]>;
  /**
   * @param decide what the entry becomes: another, null for none, undefined to leave it; may be asked more than once
   * @returns whether it was changed
   */
  change(ref: SecretRef, decide: (present: Entry | undefined) => Entry | null | undefined): Promise<boolean>;
}

const maxTries = 10;

export function openCatalogue(shards: Shards): Catalogue {
  const placeOf = (ref: SecretRef) => {
    const digest = createHash("sha256").update(pathOf(ref)).digest();
    // A secret's shard follows from how many there are, which therefore never changes.
    const shard = shards.names[digest.readUInt16BE(0) % shards.names.length];
    if (shard === undefined) throw new Error("there are no shards");
    return { shard, key: digest.toString("hex").slice(0, 40) };
  };
  const look = async (ref: SecretRef) => {
    const { shard, key } = placeOf(ref);
    const { data, revision } = await shards.read(shard);
    return { shard, key, revision, entry: data[key] === undefined ? undefined : parse(data[key]) };
  };
  return {
    find: async (ref) => (await look(ref)).entry,
    async list() {
      const all = await Promise.all(shards.names.map((name) => shards.read(name)));
      return all.flatMap(({ data }) => Object.values(data).map(parse));
    },
    async change(ref, decide) {
      for (let tries = 0; tries < maxTries; tries++) {
        const { shard, key, revision, entry } = await look(ref);
        const wanted = decide(entry);
        if (wanted === undefined) return false;
        const text = wanted === null ? null : JSON.stringify(entrySchema.parse(wanted));
        if (await shards.write(shard, key, text, revision)) return true;
      }
      throw new BackendError("busy", "the secret is being changed by others, try again");
    },
  };
}

/** An entry that is not one is a fault of ours; its text may hold a value, so nothing of it is told. */
function parse(text: string): Entry {
  try {
    return entrySchema.parse(JSON.parse(text));
  } catch {
    throw new Error("an entry of the catalogue of secrets cannot be read");
  }
}
