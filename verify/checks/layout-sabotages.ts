/** What must turn every check of objects' layout red, whichever cloud keeps the bucket. */
import { placesOf } from "../documented/classification.ts";
import type { PlacesFact } from "../facts-places.ts";
import type { PlaneTarget } from "../target.ts";

interface Break<Known, T> {
  name: string;
  apply(facts: Known, target: T): undefined | false;
}

/** @param placesIn what was told of the metadata bucket */
export function layoutSabotages<Known, T extends PlaneTarget>(
  placesIn: (facts: Known, target: T) => PlacesFact | undefined,
): readonly [Break<Known, T>, ...Break<Known, T>[]] {
  const changing =
    (change: (places: PlacesFact, target: T) => void) =>
    (facts: Known, target: T): undefined | false => {
      const places = placesIn(facts, target);
      if (!places) return false;
      change(places, target);
      return undefined;
    };
  return [
    {
      name: "one object lies under another organisation",
      apply: changing(({ told }) => told.push("globex/")),
    },
    {
      name: "an object lies beside all prefixes, first of all",
      apply: changing(({ told }) => told.unshift("outputs.pb")),
    },
    {
      name: "an object lies in the organisation, beside its projects",
      apply: changing(({ told }, { org }) => told.push(`${org}/report.html`)),
    },
    {
      name: "a domain that nobody declared has a prefix, like the last one's",
      apply: changing(({ told }, target) => told.push(`${placesOf(target).at(-1)?.slice(0, -1)}-of-nobody/`)),
    },
    {
      name: "more lies there than was looked at",
      apply: changing((places) => {
        places.cut = true;
      }),
    },
  ];
}
