import { defineCheck } from "../check.ts";
import { placesOf } from "../documented/classification.ts";
import type { Facts } from "../facts.ts";
import type { Target } from "../target.ts";
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
  sabotages: [
    {
      name: "one object lies under another organisation",
      apply({ buckets }, target) {
        placesIn(buckets, target)?.told.push("globex/");
      },
    },
    {
      name: "an object lies beside all prefixes, first of all",
      apply({ buckets }, target) {
        placesIn(buckets, target)?.told.unshift("outputs.pb");
      },
    },
    {
      name: "an object lies in the organisation, beside its projects",
      apply({ buckets }, target) {
        placesIn(buckets, target)?.told.push(`${target.org}/report.html`);
      },
    },
    {
      name: "a domain that nobody declared has a prefix, like the last one's",
      apply({ buckets }, target) {
        placesIn(buckets, target)?.told.push(`${placesOf(target).at(-1)?.slice(0, -1)}-of-nobody/`);
      },
    },
    {
      name: "more lies there than was looked at",
      apply({ buckets }, target) {
        const places = placesIn(buckets, target);
        if (places) places.cut = true;
      },
    },
  ],
});

function placesIn(buckets: Facts["buckets"], target: Target) {
  return buckets.find(({ name }) => name === target.buckets.metadata)?.places;
}
