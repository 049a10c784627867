/** What Cloud Storage clears away by itself. No rule ever deletes a current object, as on AWS. */
import type { types } from "@pulumi/gcp";
import { abandonedUploadDays, noncurrentDays } from "./lifecycle.ts";

type Rule = types.input.storage.BucketLifecycleRule;

/** Each rule names the organisation's prefix, which holds all there is. Source: n-bucket-lifecycle-scoped. */
export function googleLifecycle(org: string): Rule[] {
  const matchesPrefixes = [`${org}/`];
  return [
    {
      action: { type: "Delete" },
      condition: { matchesPrefixes, withState: "ARCHIVED", daysSinceNoncurrentTime: noncurrentDays },
    },
    {
      action: { type: "AbortIncompleteMultipartUpload" },
      condition: { matchesPrefixes, age: abandonedUploadDays },
    },
  ];
}
