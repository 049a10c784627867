/** Both buckets' names, the same in every cloud that has buckets: known before anything is made. */
import { physicalName } from "../../shared/names.ts";
import type { PlaneBuckets } from "../identity/contract.ts";

/** @throws UserError if the store would refuse a name. */
export function bucketNames(prefix: string): PlaneBuckets {
  return {
    metadata: physicalName("bucket", prefix, "metadata"),
    fastRegistration: physicalName("bucket", prefix, "fast-reg"),
  };
}
