/**
 * Is everything that some policies allow within what others, the envelope, allow? Counts for the worst: a condition never
 * makes a grant smaller, unless the envelope asks for the same; a Deny of the policies counts only where it always holds,
 * one of the envelope's always, unless the policies deny the same themselves.
 */
import { z } from "zod";
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { wholeArn } from "./glob.ts";
import { type Class, classesOf, compiledMeet, matchesCompiled, type Shape, Signs } from "./language.ts";
import { likelyActions, likelyResources } from "./likely.ts";
import type { Policies } from "./policy-file.ts";

export const envelopeAnswer = z.object({
  within: z
    .union([z.boolean(), z.literal("unknown")])
    .describe("unknown: too many patterns to look through, or variables whose values decide"),
  witness: z
    .object({ action: z.string(), resource: z.string() })
    .optional()
    .describe("One request that the policies allow and the envelope does not"),
});

export type EnvelopeAnswer = z.infer<typeof envelopeAnswer>;

/** Compiled; matched against one text, or against one class of texts. */
interface Patterns {
  not: boolean;
  list: readonly string[];
}

export interface Part {
  statement: Statement;
  /** The same for what always matches the same requests. */
  text: string;
  actions: Patterns;
  resources: Patterns;
}

interface Said {
  allows: readonly Part[];
  /** Each must allow too. */
  layers: readonly (readonly Part[])[];
  /** Of the policies what always denies, of the envelope what may. */
  denies: readonly Part[];
  /** Of the policies: what denies on a condition, or by a variable. */
  sometimes: readonly Part[];
}

type Holds = (compiled: string) => boolean;

export function withinEnvelope(policies: Policies, envelope: Policies): EnvelopeAnswer {
  const signs = new Signs();
  const outer = outerOf(envelope, signs);
  const inner = innerOf(policies, signs, "sign");
  const found = search(inner, outer, signs);
  if (found.within !== true || !meetsByValue(inner, innerOf(policies, signs, "star"))) return found;
  // Taken for anything, the variables grant at least what they do.
  const most = search(innerOf(policies, signs, "star"), outer, signs);
  return most.within === true ? found : { within: "unknown" };
}

/** Is there something that an allow and a limit share only by what a variable stands for? */
function meetsByValue(inner: Said, widest: Said): boolean {
  const pairs = ({ allows, layers }: Said) =>
    allows.flatMap(({ resources }) => layers.flat().map((limit) => [resources, limit.resources] as const));
  const wide = pairs(widest);
  return pairs(inner).some(([one, other], at) => {
    const [wideOne, wideOther] = wide[at] ?? [one, other];
    if (one.not || other.not || !hasVariable(one, other)) return false;
    return one.list.some((mine, i) =>
      other.list.some(
        (theirs, j) =>
          !compiledMeet(mine, theirs) && compiledMeet(wideOne.list[i] ?? mine, wideOther.list[j] ?? theirs),
      ),
    );
  });
}

function search(inner: Said, outer: Said, signs: Signs): EnvelopeAnswer {
  const escapes = (inAction: Holds, inResource: Holds) =>
    inner.allows.some(
      (part) => isGranted(inner, part, inAction, inResource) && !isCovered(outer, inner, part, inAction, inResource),
    );
  const told = (action: string, resource: string): EnvelopeAnswer => ({
    within: false,
    witness: { action: signs.spell(action), resource: signs.spell(resource) },
  });

  for (const action of likelyActions(inner.allows)) {
    const inAction: Holds = (pattern) => matchesCompiled(pattern, action.toLowerCase());
    for (const resource of likelyResources(inner.allows, action)) {
      if (escapes(inAction, (pattern) => matchesCompiled(pattern, resource))) return told(action, resource);
    }
  }
  const parts = [inner, outer].flatMap(({ allows, layers, denies, sometimes }) =>
    [allows, ...layers, denies, sometimes].flat(),
  );
  const actions = indexed(
    parts.flatMap((part) => part.actions.list),
    actionShape,
  );
  const resources = indexed(
    parts.flatMap((part) => part.resources.list),
    anyText,
  );
  if (!actions || !resources) return { within: "unknown" };
  for (const action of actions.classes) {
    for (const resource of resources.classes) {
      if (escapes(actions.holds(action), resources.holds(resource))) return told(action.example, resource.example);
    }
  }
  return { within: true };
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

/** @param named how variables are read where something is allowed */
function innerOf({ identity, resource, boundary, session, scp }: Policies, signs: Signs, named: "sign" | "star"): Said {
  const layers = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : []), ...scp];
  const parts = (documents: readonly PolicyDocument[]) => partsOf(documents, signs, "sign", "sign");
  const widely = (documents: readonly PolicyDocument[]) => allowing(partsOf(documents, signs, named, "sign"));
  const own = parts([...identity, ...layers.flat()]);
  const everybodys = parts(resource).filter(({ statement }) => isForEverybody(statement));
  const denies = [...own, ...everybodys].filter(({ statement }) => statement.effect === "Deny");
  const always = denies.flatMap(whatAlwaysDenies);
  const sometimes = denies.filter((deny) => !always.includes(deny));
  return {
    allows: widely([...identity, ...resource]),
    layers: layers.map(widely),
    denies: always,
    sometimes,
  };
}

function outerOf({ identity, resource, boundary, session, scp }: Policies, signs: Signs): Said {
  const layers = [...boundary.map((one) => [one]), ...(session.length > 0 ? [session] : []), ...scp];
  const allows = (documents: readonly PolicyDocument[]) => allowing(partsOf(documents, signs, "sign", "star"));
  return {
    allows: [...allows(identity), ...allows(resource).filter(({ statement }) => isForEverybody(statement))],
    layers: layers.map(allows),
    denies: partsOf([...identity, ...resource, ...layers.flat()], signs, "star", "sign").filter(
      ({ statement }) => statement.effect === "Deny",
    ),
    sometimes: [],
  };
}

/** @param named how variables of a list are read @param excepted how those of a Not… list are */
function partsOf(
  documents: readonly PolicyDocument[],
  signs: Signs,
  named: "sign" | "star",
  excepted: "sign" | "star",
): Part[] {
  return documents.flatMap(({ version, statements }) =>
    statements.map((statement) => {
      const { actions, notActions, resources, notResources } = statement;
      const variables = version !== "2008-10-17";
      const compiled = (list: readonly string[], not: boolean) => ({
        not,
        list: list.map((one) => signs.compile(one, variables ? (not ? excepted : named) : "text")),
      });
      return {
        statement,
        text: JSON.stringify([variables, { ...statement, sid: undefined }]),
        actions: notActions.length > 0 ? compiled(notActions, true) : compiled(actions, false),
        // A trust policy has no Resource, and speaks of its own role: any, here.
        resources:
          notResources.length > 0
            ? compiled(notResources.map(wholeArn), true)
            : compiled((resources.length > 0 ? resources : ["*"]).map(wholeArn), false),
      };
    }),
  );
}

/** Without conditions, and of its resources those without variables. */
function whatAlwaysDenies(part: Part): Part[] {
  const { statement, actions, resources } = part;
  if (Object.keys(statement.conditions).length > 0) return [];
  if (!hasVariable(actions, resources)) return [part];
  const list = resources.list.filter((one) => !hasVariable({ not: false, list: [one] }));
  return resources.not || list.length === 0 ? [] : [{ ...part, resources: { not: false, list } }];
}

const allowing = (parts: readonly Part[]) => parts.filter(({ statement }) => statement.effect === "Allow");

function isForEverybody({ principals }: Statement): boolean {
  return principals.some((name) => name === "*" || name === "AWS:*");
}

function hasVariable(...patterns: Patterns[]): boolean {
  return patterns.some(({ list }) => list.some((one) => /[\uE100-\uF8FE]/.test(one)));
}

function speaks({ actions, resources }: Part, inAction: Holds, inResource: Holds): boolean {
  return actions.list.some(inAction) !== actions.not && resources.list.some(inResource) !== resources.not;
}

function isGranted({ layers, denies }: Said, part: Part, inAction: Holds, inResource: Holds): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  return about(part) && layers.every((layer) => layer.some(about)) && !denies.some(about);
}

function isCovered(outer: Said, inner: Said, part: Part, inAction: Holds, inResource: Holds): boolean {
  const about = (one: Part) => speaks(one, inAction, inResource);
  const surely = (one: Part) =>
    one.text === part.text || (about(one) && isImplied(one.statement.conditions, part.statement.conditions));
  const isLimited = (layer: readonly Part[]) =>
    layer.some(surely) || inner.layers.some((mine) => mine.every(({ text }) => layer.some((one) => one.text === text)));
  // Whatever meets the envelope's Deny and one of the policies' own they do not grant.
  const isOwn = (deny: Part) =>
    inner.sometimes.some(
      (own) =>
        own.text === deny.text ||
        (about(own) &&
          !hasVariable(own.actions, own.resources) &&
          isImplied(own.statement.conditions, deny.statement.conditions)),
    );
  return (
    outer.allows.some(surely) &&
    outer.layers.every(isLimited) &&
    outer.denies.every((deny) => !about(deny) || isOwn(deny))
  );
}

/** Whatever meets the conditions of the grant meets those of the envelope: each is there too, and no wider. */
function isImplied(wanted: Statement["conditions"], given: Statement["conditions"]): boolean {
  return Object.entries(wanted).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => {
      const mine = given[operator]?.[key];
      if (!mine) return false;
      // More values let more through, but the more a negated operator names the fewer it lets through.
      const [few, many] = /Not/.test(operator) ? [values, mine] : [mine, values];
      return few.every((one) => many.includes(one));
    }),
  );
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

const anyText: Shape = { start: "", next: () => "some", accepts: (state) => state === "some" };
