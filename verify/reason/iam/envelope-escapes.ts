/** Where words alone do not say that the envelope covers a grant: is there a context in which it does not? */
import { all, not, some, type Tri } from "../tri.ts";
import { conditionsHold } from "./conditions.ts";
import { type Caller, holding, speaksTo } from "./envelope-callers.ts";
import { type Holds, hasVariable, layersOf, type Part, type Said, speaks } from "./envelope-parts.ts";
import type { Context } from "./glob.ts";
import { momentsOf } from "./moments.ts";

/** A statement, and whether it speaks to the caller. */
interface Spoken {
  part: Part;
  to: Tri;
}

/** The statements that decide about one class of requests of one caller. */
interface Involved {
  grant: Spoken;
  layers: readonly (readonly Part[])[];
  denies: readonly Spoken[];
  /** Of the envelope: what may allow it, each with what holds that. */
  covers: readonly (Spoken & { layers: readonly (readonly Part[])[] })[];
  refuses: readonly Spoken[];
  /** Whether a variable in a resource may decide more than its class tells. */
  byValue: boolean;
}

/** How much is looked at: each statement in each context counts. For one class of requests, and for all. */
const most = { one: 20_000, all: 500_000 };

/**
 * @returns "yes" where a context shows it; "no" where no context could; "maybe" where none of those looked at does, and they
 * are not all
 */
export function escaping(outer: Said, inner: Said) {
  // Many classes of requests meet the same statements.
  const known = new Map<string, Tri>();
  const number = new Map<Part, number>();
  const numberOf = (part: Part) => {
    const found = number.get(part) ?? number.size;
    number.set(part, found);
    return found;
  };
  let left = most.all;
  return (grant: Part, caller: Caller, inAction: Holds, inResource: Holds): Tri => {
    const involved = involvedIn(outer, inner, grant, caller, inAction, inResource);
    const key = JSON.stringify(involved, (_, value) => (isPart(value) ? numberOf(value) : value));
    const seen = known.get(key);
    if (seen) return seen;
    const { found, cost } = escapes(involved, Math.min(most.one, left));
    left -= cost;
    known.set(key, found);
    return found;
  };
}

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null && "statement" in value;

function involvedIn(
  outer: Said,
  inner: Said,
  grant: Part,
  caller: Caller,
  inAction: Holds,
  inResource: Holds,
): Involved {
  const about = (one: Part) => speaks(one, inAction, inResource);
  const limiting = (said: Said, part: Part) => holding(said, part, caller).map((layer) => layer.filter(about));
  const spoken = (parts: readonly Part[]): Spoken[] =>
    parts
      .filter(about)
      .map((part) => ({ part, to: speaksTo(part, caller) }))
      .filter(({ to }) => to !== "no");
  // By a variable it may deny, or not: there is a caller whom it does not.
  const open = inner.sometimes.filter((one) => hasVariable(one.actions, one.resources));
  const involved = {
    grant: { part: grant, to: speaksTo(grant, caller) },
    layers: limiting(inner, grant),
    denies: spoken([...inner.denies, ...inner.sometimes.filter((one) => !open.includes(one))]),
    covers: spoken(outer.allows).map((one) => ({ ...one, layers: limiting(outer, one.part) })),
    refuses: spoken(outer.denies),
  };
  // A value that a condition asks for, or that lets a Deny of the policies spare a request, may be what the envelope allows.
  const asked = new Set([
    ...partsOf(involved).flatMap(({ statement }) =>
      Object.values(statement.conditions).flatMap((keys) => Object.keys(keys)),
    ),
    ...open.flatMap(({ keys }) => keys),
  ]);
  const named = [grant, ...layersOf(inner), ...outer.allows, ...layersOf(outer), ...outer.denies];
  return { ...involved, byValue: named.some(({ keys }) => keys.some((key) => asked.has(key))) };
}

function partsOf({ grant, layers, denies, covers, refuses }: Omit<Involved, "byValue">): Part[] {
  const covering = covers.flatMap((one) => [one.part, ...one.layers.flat()]);
  return [grant.part, ...layers.flat(), ...[...denies, ...refuses].map(({ part }) => part), ...covering];
}

/** Key by key, and no further where the answer hangs on no other. */
function escapes(involved: Involved, budget: number): { found: Tri; cost: number } {
  const parts = partsOf(involved);
  const { values, complete } = momentsOf(parts.map(({ statement }) => statement.conditions));
  const keys = [...values.keys()];
  let cost = 0;
  let open = !complete;
  const isShown = (at: number, context: Context): boolean => {
    if (cost > budget) {
      open = true;
      return false;
    }
    cost += parts.length;
    const found = escapesAt(involved, context);
    if (found !== "maybe") return found === "yes";
    const key = keys[at];
    if (key === undefined) {
      open = true;
      return false;
    }
    return (values.get(key) ?? []).some((value) => isShown(at + 1, { ...context, [key]: value }));
  };
  const isFound = isShown(0, { "*": null, ...Object.fromEntries(keys.map((key) => [key, undefined])) });
  return { found: isFound ? (involved.byValue ? "maybe" : "yes") : open ? "maybe" : "no", cost };
}

function escapesAt({ grant, layers, denies, covers, refuses }: Involved, context: Context): Tri {
  const holds = ({ statement, variables }: Part) => conditionsHold(statement.conditions, context, { variables }).holds;
  const applies = ({ part, to }: Spoken) => all([to, holds(part)]);
  const isLimited = (each: readonly (readonly Part[])[]) => all(each.map((layer) => some(layer.map(holds))));
  const granted = all([applies(grant), isLimited(layers), not(some(denies.map(applies)))]);
  if (granted === "no") return "no";
  const covered = all([
    some(covers.map((one) => all([applies(one), isLimited(one.layers)]))),
    not(some(refuses.map(applies))),
  ]);
  return all([granted, not(covered)]);
}
