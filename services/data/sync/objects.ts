/** The cluster's objects as the sync sees them. */
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";

export interface LiveObject extends Manifest {
  metadata: Manifest["metadata"] & { resourceVersion: string; deletionTimestamp?: string };
}

export interface Objects {
  /** @returns undefined where there is none of that kind and name. */
  read(manifest: Manifest): Promise<LiveObject | undefined>;
  /** Makes it, or takes over its fields where it is there. @throws NotOursError where another made it */
  apply(manifest: Manifest): Promise<void>;
  /** @param change a JSON merge patch, for exactly this version. @throws NotOursError */
  change(live: LiveObject, change: object): Promise<void>;
}

/** The admission policy refused: the object bears no mark of ours, or is none that the stack declared. */
export class NotOursError extends Error {}

/** As people are told of it. */
export function titleOf({ kind, metadata }: Pick<Manifest, "kind" | "metadata">): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ""}${metadata.name}`;
}
