/** What Blob Storage clears away by itself. No rule ever deletes a current object, as on AWS. */
import { noncurrentDays } from "./lifecycle.ts";

/**
 * One rule for each container, under the organisation's prefix, which holds all there is. Blocks of an upload that nobody
 * finished Azure drops by itself after a week. Source: n-bucket-lifecycle-scoped.
 */
export function azureLifecycle(org: string, containers: readonly string[]) {
  return containers.map((container) => ({
    ...{ name: `noncurrent-versions-${container}`, type: "Lifecycle", enabled: true },
    definition: {
      filters: { blobTypes: ["blockBlob"], prefixMatch: [`${container}/${org}/`] },
      actions: { version: { delete: { daysAfterCreationGreaterThan: noncurrentDays } } },
    },
  }));
}
