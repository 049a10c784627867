import { defineAzureCheck } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { AzureTarget } from "../target.ts";
import { layoutSabotages } from "./layout-sabotages.ts";
import { judgeLayout } from "./object-places.ts";

export const azureObjectLayout = defineAzureCheck({
  id: "BKT-43",
  title: "Objects lie under org/project/domain/…",
  severity: "medium",
  claims: ["buckets-namespace-layout"],
  documented: [],
  fix: "Find who wrote the stray object: every service composes names beneath the caller's prefix.",
  needs: ["azureObjects"],
  evaluate({ azureObjects }, target) {
    return azureObjects
      .filter(({ container }) => container === target.buckets.metadata)
      .flatMap(({ container, places }) =>
        judgeLayout(places, target, { bucket: container, urlOf: (place) => `${container}/${place}` }),
      );
  },
  sabotages: layoutSabotages(placesIn),
});

function placesIn({ azureObjects }: Pick<Facts, "azureObjects">, target: AzureTarget) {
  return azureObjects.find(({ container }) => container === target.buckets.metadata)?.places;
}
