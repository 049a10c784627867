/** Where words alone do not say that the envelope covers a grant: is there a context in which it does not? */
import { all, not, some, type Tri } from "../tri.ts";
import { conditionsHold } from "./conditions.ts";
import {
  type Caller,
  denying,
  type Holds,
  hasVariable,
  holding,
  isForAtLeast,
  type Part,
  type Said,
  speaks,
} from "./envelope-parts.ts";
import type { Context } from "./glob.ts";
import { momentsOf } from "./moments.ts";

/** The statements that decide about one class of requests. */
interface Involved {
  grant: Part;
  layers: readonly (readonly Part[])[];
  denies: readonly Part[];
  /** Of the envelope: what may allow it, each with what holds that. */
  covers: readonly { part: Part; layers: readonly (readonly Part[])[] }[];
  refuses: readonly Part[];
}

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
  return (grant: Part, caller: Caller, inAction: Holds, inResource: Holds): Tri => {
    const involved = involvedIn(outer, inner, grant, caller, inAction, inResource);
    const key = JSON.stringify(involved, (_, value) => (isPart(value) ? numberOf(value) : value));
    const found = known.get(key) ?? escapes(involved);
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
  return {
    grant,
    layers: limiting(inner, grant),
    // By a variable it may deny, or not: there is a caller whom it does not.
    denies: denying(inner.denies, caller)
      .concat(denying(inner.sometimes, caller).filter((one) => !hasVariable(one.actions, one.resources)))
      .filter(about),
    covers: outer.allows
      .filter((part) => about(part) && isForAtLeast(part, grant))
      .map((part) => ({ part, layers: limiting(outer, part) })),
    refuses: denying(outer.denies, caller).filter(about),
  };
}

function escapes(involved: Involved): Tri {
  const { grant, layers, denies, covers, refuses } = involved;
  const covering = covers.flatMap((one) => [one.part, ...one.layers.flat()]);
  const parts = [grant, ...layers.flat(), ...denies, ...covering, ...refuses];
  const { contexts, complete } = momentsOf(parts.map(({ statement }) => statement.conditions));
  const found = some(contexts.map((context) => escapesAt(involved, context)));
  return found === "no" && !complete ? "maybe" : found;
}

function escapesAt({ grant, layers, denies, covers, refuses }: Involved, context: Context): Tri {
  const holds = ({ statement, variables }: Part) => conditionsHold(statement.conditions, context, { variables }).holds;
  const isLimited = (each: readonly (readonly Part[])[]) => all(each.map((layer) => some(layer.map(holds))));
  const granted = all([holds(grant), isLimited(layers), not(some(denies.map(holds)))]);
  if (granted === "no") return "no";
  const covered = all([
    some(covers.map(({ part, layers: held }) => all([holds(part), isLimited(held)]))),
    not(some(refuses.map(holds))),
  ]);
  return all([granted, not(covered)]);
}
