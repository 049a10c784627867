import { defineCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { Target } from "../target.ts";
import { layoutSabotages } from "./layout-sabotages.ts";
import { judgeLayout } from "./object-places.ts";

export const objectLayout = defineCheck({
  id: "BKT-03",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes keys beneath the caller's prefix.",
  needs: ["buckets"],
  evaluate({ buckets }, target) {
    return buckets
      .filter(({ name }) => name === target.buckets.metadata)
      .flatMap(({ name, places }) =>
        judgeLayout(places, target, { bucket: `bucket ${name}`, urlOf: (place) => `s3://${name}/${place}` }),
      );
  },
  sabotages: layoutSabotages(placesIn),
});

function placesIn({ buckets }: Pick<Facts, "buckets">, target: Target) {
  return buckets.find(({ name }) => name === target.buckets.metadata)?.places;
}
