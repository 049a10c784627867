/**
 * Is everything that some policies allow within what others, the envelope, allow? For each class of requests first by the
 * words of the statements alone, and where these do not say so by the contexts that tell their conditions apart: "no" needs
 * one in which the policies allow and the envelope does not.
 */
import { z } from "zod";
import { callersOf } from "./envelope-callers.ts";
import { isCovered, isGranted } from "./envelope-covered.ts";
import { escaping } from "./envelope-escapes.ts";
import { type Holds, innerOf, layersOf, outerOf, type Said } from "./envelope-parts.ts";
import { meetsByValue } from "./envelope-values.ts";
import { type Class, classesOf, matchesCompiled, type Shape, Signs, textOfAny } from "./language.ts";
import { likelyActions, likelyResources, spelled } from "./likely.ts";
import type { Policies } from "./policy-file.ts";

export const envelopeAnswer = z.object({
  within: z
    .union([z.boolean(), z.literal("unknown")])
    .describe("unknown: too many patterns to look through, or values of variables or conditions that decide"),
  witness: z
    .object({ action: z.string(), resource: z.string() })
    .optional()
    .describe("One request that the policies allow and the envelope does not"),
});

export type EnvelopeAnswer = z.infer<typeof envelopeAnswer>;

export function withinEnvelope(policies: Policies, envelope: Policies): EnvelopeAnswer {
  const signs = new Signs();
  const outer = outerOf(envelope, signs);
  const inner = innerOf(policies, signs, "sign");
  const found = search(inner, outer, signs);
  if (found.within !== true || !meetsByValue(inner, innerOf(policies, signs, "star"), outer)) return found;
  // Taken for anything, the variables grant at least what they do.
  const most = search(innerOf(policies, signs, "star"), outer, signs);
  return most.within === true ? found : { within: "unknown" };
}

function search(inner: Said, outer: Said, signs: Signs): EnvelopeAnswer {
  const inSomeContext = escaping(outer, inner);
  const callers = callersOf([...new Set([...inner.names, ...outer.names])]);
  let open = false;
  const escapes = (inAction: Holds, inResource: Holds) =>
    inner.allows.some((part) =>
      callers.some((caller) => {
        if (!isGranted(inner, part, caller, inAction, inResource)) return false;
        if (isCovered(outer, inner, part, caller, inAction, inResource)) return false;
        const found = inSomeContext(part, caller, inAction, inResource);
        open ||= found === "maybe";
        return found === "yes";
      }),
    );
  const told = (action: string, resource: string): EnvelopeAnswer => ({
    within: false,
    witness: { action: spelled(signs.spell(action)), resource: signs.spell(resource) },
  });

  for (const action of likelyActions(inner.allows)) {
    const inAction: Holds = (pattern) => matchesCompiled(pattern, action.toLowerCase());
    for (const resource of likelyResources(inner.allows, action)) {
      if (escapes(inAction, (pattern) => matchesCompiled(pattern, resource))) return told(action, resource);
    }
  }
  const parts = [inner, outer].flatMap((said) => [said.allows, layersOf(said), said.denies, said.sometimes].flat());
  const actions = indexed(
    parts.flatMap((part) => part.actions.list),
    actionShape,
  );
  const resources = indexed(
    parts.flatMap((part) => part.resources.list),
    textOfAny,
  );
  if (!actions || !resources) return { within: "unknown" };
  for (const action of actions.classes) {
    for (const resource of resources.classes) {
      if (escapes(actions.holds(action), resources.holds(resource))) return told(action.example, resource.example);
    }
  }
  return { within: open ? "unknown" : true };
}

function indexed(patterns: readonly string[], shape: Shape) {
  const distinct = [...new Set(patterns)];
  const place = new Map(distinct.map((pattern, at) => [pattern, at]));
  const classes = classesOf(distinct, shape);
  const holds =
    (one: Class): Holds =>
    (pattern) =>
      one.in[place.get(pattern) ?? -1] ?? false;
  return classes && { classes, holds };
}

/** `service:name`, in the letters that AWS uses. */
const actionShape: Shape = {
  start: "nothing",
  next(state, char) {
    if (state === "nothing" || state === "service") {
      if (/[a-z0-9-]/.test(char)) return "service";
      return state === "service" && char === ":" ? "colon" : undefined;
    }
    return /[a-z0-9]/.test(char) ? "name" : undefined;
  },
  accepts: (state) => state === "name",
};
