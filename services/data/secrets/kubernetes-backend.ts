/** Values in the cluster itself, sealed by its envelope key: the backend of self-managed planes. */
import { randomUUID } from "node:crypto";
import type { SecretBackend } from "./backend.ts";
import type { Catalogue, Entry } from "./catalogue.ts";

export function kubernetesBackend(catalogue: Catalogue, now: () => number = Date.now): SecretBackend {
  const text = (value: Uint8Array) => Buffer.from(value).toString("base64");
  return {
    create: (ref, value) =>
      catalogue.change(ref, (present) =>
        present ? undefined : { ...ref, createdAt: now(), version: randomUUID(), value: text(value) },
      ),
    update: (ref, value) =>
      catalogue.change(ref, (present) => present && { ...present, version: randomUUID(), value: text(value) }),
    remove: (ref) => catalogue.change(ref, (present) => present && null),
    find: async (ref) => told(await catalogue.find(ref)),
    list: async () => (await catalogue.list()).flatMap((entry) => told(entry) ?? []),
    async read(record) {
      const entry = await catalogue.find(record);
      if (entry?.value === undefined || entry.version !== record.version) return undefined;
      return Buffer.from(entry.value, "base64");
    },
  };
}

function told(entry: Entry | undefined) {
  if (!entry) return undefined;
  const { value: _, ...record } = entry;
  return record;
}
