import { defineGoogleCheck } from "../check.ts";
import { placesOf } from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import type { GoogleTarget } from "../target.ts";
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
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply({ googleBuckets }, target) {
        placesIn(googleBuckets, target)?.told.push("globex/");
      },
    },
    {
      name: "an object lies beside all prefixes, first of all",
      apply({ googleBuckets }, target) {
        placesIn(googleBuckets, target)?.told.unshift("outputs.pb");
      },
    },
    {
      name: "an object lies in the organisation, beside its projects",
      apply({ googleBuckets }, target) {
        placesIn(googleBuckets, target)?.told.push(`${target.org}/report.html`);
      },
    },
    {
      name: "a domain that nobody declared has a prefix, like the last one's",
      apply({ googleBuckets }, target) {
        placesIn(googleBuckets, target)?.told.push(`${placesOf(target).at(-1)?.slice(0, -1)}-of-nobody/`);
      },
    },
    {
      name: "more lies there than was looked at",
      apply({ googleBuckets }, target) {
        const places = placesIn(googleBuckets, target);
        if (places) places.cut = true;
      },
    },
  ],
});

function placesIn(googleBuckets: Facts["googleBuckets"], target: GoogleTarget) {
  return googleBuckets.find(({ name }) => name === target.buckets.metadata)?.places;
}
