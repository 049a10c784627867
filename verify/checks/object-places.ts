/** Objects of the plane's buckets against the prefixes that may be there: alike in every cloud. */
import { placesOf } from "../documented/classification.ts";
import type { PlacesFact } from "../facts-places.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { PlaneTarget } from "../target.ts";

export function strayOf({ told }: PlacesFact, prefixes: readonly string[]): string | undefined {
  return told.find((place) => !isWithin(place, prefixes));
}

/** What a check can say of a bucket that holds more than was told. */
export function tellCut({ told }: PlacesFact): string {
  return `holds more than the ${told.length} places that were told, and nobody looked at the rest`;
}

/**
 * Each stray, and whether all was seen; nothing of a bucket without an object.
 * @param urlOf of an object or a prefix
 */
export function judgeLayout(
  { told, cut }: PlacesFact,
  target: PlaneTarget,
  { bucket, urlOf }: { bucket: string; urlOf: (place: string) => string },
): Finding[] {
  const prefixes = placesOf(target);
  const strays = told.filter((place) => !isWithin(place, prefixes));
  return [
    ...strays.map((place) => fail(urlOf(place), "outside every project's prefix")),
    ...(cut ? [fail(bucket, tellCut({ told, cut }))] : []),
    ...(strays.length === 0 && !cut && told.length > 0
      ? [pass(bucket, `nothing lies beside ${told.join(", ")}, whatever lies beneath`)]
      : []),
  ];
}

/** A prefix that is told stands for all beneath it. */
function isWithin(place: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => place.startsWith(prefix));
}
