import { defineAzureCheck } from "../check.ts";
import { placesOf } from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import type { AzureTarget } from "../target.ts";
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
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply({ azureObjects }, target) {
        placesIn(azureObjects, target)?.told.push("globex/");
      },
    },
    {
      name: "an object lies beside all prefixes, first of all",
      apply({ azureObjects }, target) {
        placesIn(azureObjects, target)?.told.unshift("outputs.pb");
      },
    },
    {
      name: "an object lies in the organisation, beside its projects",
      apply({ azureObjects }, target) {
        placesIn(azureObjects, target)?.told.push(`${target.org}/report.html`);
      },
    },
    {
      name: "a domain that nobody declared has a prefix, like the last one's",
      apply({ azureObjects }, target) {
        placesIn(azureObjects, target)?.told.push(`${placesOf(target).at(-1)?.slice(0, -1)}-of-nobody/`);
      },
    },
    {
      name: "more lies there than was looked at",
      apply({ azureObjects }, target) {
        const places = placesIn(azureObjects, target);
        if (places) places.cut = true;
      },
    },
  ],
});

function placesIn(azureObjects: Facts["azureObjects"], target: AzureTarget) {
  return azureObjects.find(({ container }) => container === target.buckets.metadata)?.places;
}
