/** One project-domain's objects made as planned, and kept so; nothing that another made is touched, or ever deleted. */
import { isKubernetesOwn, isMarked, isWriteOnly, marked } from "../../../components/compute-plane/on-demand.ts";
import type { Manifest } from "../../../components/compute-plane/project-plan.ts";
import { differences } from "./differences.ts";
import { NotOursError, type Objects, titleOf } from "./objects.ts";

export interface Outcome {
  made: string[];
  /** Were another than planned. */
  putRight: string[];
  /** Bear the name of one of ours, and no mark: left as they are. */
  foreign: string[];
  /** Something that has the name of one of ours is being deleted: ours is made when that has gone. */
  ending: boolean;
}

/** `active`: its objects are to be there. `parked`: those that are there are to take no more work. */
export type Standing = "active" | "parked";

/** @param plan of that standing, the namespace first. @throws what the API server says beside "not yours" */
export async function reconcile(plan: readonly Manifest[], standing: Standing, objects: Objects): Promise<Outcome> {
  const outcome: Outcome = { made: [], putRight: [], foreign: [], ending: false };
  for (const manifest of plan.map(marked)) {
    const isNamespace = manifest.kind === "Namespace";
    const title = titleOf(manifest);
    try {
      const done = await reconcileOne(manifest, standing, objects);
      if (done === "ending") outcome.ending = true;
      if (isNamespace && (done === "ending" || done === "absent")) return outcome;
      if (done === "made" || done === "putRight" || done === "foreign") outcome[done].push(title);
    } catch (error) {
      if (!(error instanceof NotOursError)) throw error;
      outcome.foreign.push(title);
    }
    // What is in another's namespace is another's.
    if (isNamespace && outcome.foreign.length > 0) return outcome;
  }
  return outcome;
}

async function reconcileOne(
  manifest: Manifest,
  standing: Standing,
  objects: Objects,
): Promise<"same" | "made" | "putRight" | "foreign" | "absent" | "ending"> {
  if (isWriteOnly(manifest)) {
    await objects.apply(manifest);
    return "same";
  }
  const live = await objects.read(manifest);
  if (!live) {
    // What nobody works in need not be made now.
    if (standing === "parked" && manifest.kind === "Namespace") return "absent";
    await objects.apply(manifest);
    return "made";
  }
  if (live.metadata.deletionTimestamp) return "ending";
  if (!isMarked(live) && !isKubernetesOwn(manifest)) return "foreign";
  const change = differences(manifest, live);
  if (!change) return "same";
  await objects.change(live, change);
  return "putRight";
}
