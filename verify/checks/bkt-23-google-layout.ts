import { defineGoogleCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { GoogleTarget } from "../target.ts";
import { layoutSabotages } from "./layout-sabotages.ts";
import { judgeLayout } from "./object-places.ts";

export const googleObjectLayout = defineGoogleCheck({
  id: "BKT-23",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes names beneath the caller's prefix.",
  needs: ["googleBuckets"],
  evaluate({ googleBuckets }, target) {
    return googleBuckets
      .filter(({ name }) => name === target.buckets.metadata)
      .flatMap(({ name, places }) =>
        judgeLayout(places, target, { bucket: `gs://${name}`, urlOf: (place) => `gs://${name}/${place}` }),
      );
  },
  sabotages: layoutSabotages(placesIn),
});

function placesIn({ googleBuckets }: Pick<Facts, "googleBuckets">, target: GoogleTarget) {
  return googleBuckets.find(({ name }) => name === target.buckets.metadata)?.places;
}
