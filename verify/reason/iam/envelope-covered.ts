/** What the words of two statements alone decide: is what one grants covered by the envelope, whatever the context is? */
import { understands } from "./conditions.ts";
import { type Caller, holding, speaksTo } from "./envelope-callers.ts";
import { type Holds, hasVariable, type Part, type Said, speaks } from "./envelope-parts.ts";

export function isGranted(said: Said, part: Part, caller: Caller, inAction: Holds, inResource: Holds): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  const denied = said.denies.some((deny) => about(deny) && speaksTo(deny, caller) === "yes");
  return (
    speaksTo(part, caller) !== "no" &&
    !denied &&
    about(part) &&
    holding(said, part, caller).every((layer) => layer.some(about))
  );
}

/** True only where it is so in every context. */
export function isCovered(
  outer: Said,
  inner: Said,
  part: Part,
  caller: Caller,
  inAction: Holds,
  inResource: Holds,
): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  const surely = (one: Part) =>
    one.text === part.text || (about(one) && speaksTo(one, caller) === "yes" && isImplied(one, part));
  const mine = holding(inner, part, caller);
  const isLimited = (layer: readonly Part[]) =>
    layer.some(surely) || mine.some((own) => own.every(({ text }) => layer.some((one) => one.text === text)));
  // Whatever meets the envelope's Deny and one of the policies' own they do not grant.
  const isOwn = (deny: Part) =>
    inner.sometimes.some(
      (own) =>
        own.text === deny.text ||
        (about(own) &&
          speaksTo(own, caller) === "yes" &&
          !hasVariable(own.actions, own.resources) &&
          isImplied(own, deny)),
    );
  return (
    outer.allows.some((one) => surely(one) && holding(outer, one, caller).every(isLimited)) &&
    outer.denies.every((deny) => !about(deny) || speaksTo(deny, caller) === "no" || isOwn(deny))
  );
}

/** Whatever meets the conditions of the one given meets those wanted: each is there too, and no wider. */
function isImplied(wanted: Part, given: Part): boolean {
  const conditionsOf = ({ statement }: Part) =>
    Object.entries(statement.conditions).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, values]) => ({ operator: operator.toLowerCase(), key, values })),
    );
  return conditionsOf(wanted).every(({ operator, key, values }) =>
    conditionsOf(given).some((mine) => {
      if (mine.operator !== operator || mine.key !== key) return false;
      // What is a variable to the one is text to the other.
      if (wanted.variables !== given.variables && [...values, ...mine.values].some((one) => one.includes("${")))
        return false;
      const isWithin = (few: string[], many: string[]) => few.every((one) => many.includes(one));
      if (!understands(operator)) return isWithin(values, mine.values) && isWithin(mine.values, values);
      // More values let more through, but the more a negated operator names the fewer it lets through.
      return operator.includes("not") ? isWithin(values, mine.values) : isWithin(mine.values, values);
    }),
  );
}
