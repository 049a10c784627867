/** What a variable of the policies stands for is the caller's, so two texts that differ may still be one. */

import { hasVariable, layersOf, type Part, type Said } from "./envelope-parts.ts";
import { compiledMeet } from "./language.ts";

/** Is there something that an allow and what limits or excepts share only by what a variable stands for? */
export function meetsByValue(inner: Said, widest: Said, outer: Said): boolean {
  const positive = ({ resources }: Part) => !resources.not;
  // A text with a variable in it is in none of these lists, though its value may be.
  const excepting = [
    ...inner.denies.filter((part) => !positive(part)),
    ...[...outer.allows, ...layersOf(outer)].filter((part) => !positive(part)),
    ...outer.denies.filter(positive),
  ];
  return inner.allows.some(({ resources }, at) => {
    const wide = widest.allows[at]?.resources ?? resources;
    if (resources.not) return false;
    return resources.list.some((mine, i) => {
      const wideMine = wide.list[i] ?? mine;
      const byLimit = layersOf(inner).some((limit, n) => {
        const wideLimit = layersOf(widest)[n]?.resources ?? limit.resources;
        if (limit.resources.not || !hasVariable(resources, limit.resources)) return false;
        return limit.resources.list.some(
          (theirs, j) => !compiledMeet(mine, theirs) && compiledMeet(wideMine, wideLimit.list[j] ?? theirs),
        );
      });
      const isOpen = hasVariable({ not: false, list: [mine] });
      return (
        byLimit ||
        (isOpen && excepting.some((part) => part.resources.list.some((theirs) => compiledMeet(wideMine, theirs))))
      );
    });
  });
}
