/** Tells the ledger what a test decided. Written only when all of a file's tests ran and passed. */
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";
import { readEnvironment } from "../../sandbox/environment.ts";
import { paths } from "../../sandbox/paths.ts";
import { anyModel, currentCommit, type Evidence, writeEvidence } from "../../verify/claims/evidence.ts";

const checkout = join(import.meta.dirname, "../..");

/**
 * @param source the test file's name, and the claim's `by`.
 * @param modelOf what it was decided for. @default the model of the local run that is up
 * @param clouds for whose planes it was decided. @default AWS, where the local run's planes are
 * @returns `proves`, to be called inside a test for the claims that it decides, with the sabotage that the same test
 * saw turn its judgement red. A test that fails makes its claims failing.
 */
export function evidenceFor(
  source: string,
  modelOf = () => readEnvironment(paths()).model as string,
  clouds: readonly Evidence["cloud"][] = ["aws"],
) {
  /** By test and claim: of a test that has a second try, the last one counts. */
  const decided = new Map<string, Evidence>();
  afterAll(() => {
    // By model, so that one file can be run on a plane of each.
    const place = join(paths().cache, "evidence");
    writeEvidence(place, currentCommit(checkout), `${source}-${modelOf()}`, [...decided.values()]);
  });
  return {
    proves(claims: readonly string[], sabotage: string): void {
      onTestFinished(({ task }) => {
        const result = task.result?.state === "pass" ? "pass" : "fail";
        const at = new Date().toISOString();
        const model = modelOf();
        for (const claim of claims)
          for (const cloud of clouds)
            decided.set(`${task.id} ${claim} ${cloud}`, { claim, by: source, result, sabotage, at, cloud, model });
      });
    },
  };
}

/** Of a test of the region's own services, which needs no plane: they serve customers of every model. */
export const ofRegion = () => anyModel;
