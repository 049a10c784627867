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
 * @param cloudsOf for whose planes it was decided. @default where the local run's customer is; AWS for a test that names
 * its model, and so looks at no local run
 * @returns `proves`, to be called inside a test for the claims that it decides, with the sabotage that the same test
 * saw turn its judgement red; and `outdoes`, the same for a stricter statement in their place, by a decision record. A test
 * that fails makes its claims failing.
 */
export function evidenceFor(
  source: string,
  modelOf?: () => string,
  cloudsOf: () => readonly Evidence["cloud"][] = modelOf ? () => ["aws"] : () => [readEnvironment(paths()).cloud],
) {
  const model = modelOf ?? ((): string => readEnvironment(paths()).model);
  /** By test and claim: of a test that has a second try, the last one counts. */
  const decided = new Map<string, Evidence>();
  afterAll(() => {
    // By cloud and model, so that one file can be run on a plane of each.
    const place = join(paths().cache, "evidence");
    const name = [source, ...cloudsOf(), model()].join("-");
    writeEvidence(place, currentCommit(checkout), name, [...decided.values()]);
  });
  const decide = (claims: readonly string[], sabotage: string, record?: string): void => {
    onTestFinished(({ task }) => {
      const result = task.result?.state === "pass" ? "pass" : "fail";
      const at = new Date().toISOString();
      const found = {
        by: source,
        result,
        sabotage,
        ...(record ? { decision: record } : {}),
        at,
        model: model(),
      } as const;
      for (const claim of claims)
        for (const cloud of cloudsOf()) decided.set(`${task.id} ${claim} ${cloud}`, { ...found, claim, cloud });
    });
  };
  return {
    proves: (claims: readonly string[], sabotage: string): void => decide(claims, sabotage),
    outdoes: (claims: readonly string[], record: string, sabotage: string): void => decide(claims, sabotage, record),
  };
}

/** Of a test of the region's own services, which needs no plane: they serve customers of every model. */
export const ofRegion = () => anyModel;
