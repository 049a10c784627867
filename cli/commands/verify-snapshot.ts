/** What was read, by a bundle or now. */
import { collect } from "../../verify/collect/index.ts";
import { openBundle } from "../../verify/evidence/bundle.ts";
import { kept } from "../../verify/evidence/canonical.ts";
import type { Snapshot } from "../../verify/sabotage/prove.ts";
import { withLiveProjects } from "../../verify/target.ts";
import { readBundle } from "./verify-bundle.ts";
import { targetsOf } from "./verify-targets.ts";

export async function snapshotOf({
  bundle,
  target,
}: {
  bundle?: string | undefined;
  target?: string | undefined;
}): Promise<Snapshot> {
  // Of another commit too: what it was judged as then is no matter here.
  if (bundle !== undefined) return openBundle(readBundle(bundle), bundle).recording;
  const { targets } = targetsOf(target);
  const collected = kept(await collect(targets));
  return { targets: withLiveProjects(targets, collected.namespaces), collected };
}
