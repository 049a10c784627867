/** Whether one statement speaks of one request. */
import { globWithin, type PolicyDocument, type Statement } from "../iam-policy.ts";
import { all, not, some, type Tri, tri } from "../tri.ts";
import { conditionsHold } from "./conditions.ts";
import {
  type Context,
  filledPattern,
  globMatches,
  globsMeet,
  isAbsent,
  type Reading,
  shield,
  staysInItsPart,
  wholeArn,
} from "./glob.ts";

export interface Asked {
  /** `service:Action`, in any case. */
  action: string;
  /** One ARN, or `*` for calls that know none. */
  resource: string;
  context: Context;
}

/** What a set of documents says: whether an Allow and whether a Deny matches, and what could not be decided. */
export interface Said {
  allow: Tri;
  deny: Tri;
  /** The statements that match, or may. */
  matched: readonly Matched[];
  undecided: string[];
  /** Those among them that no value of the request would decide. */
  notUnderstood: string[];
}

export const nothingSaid: Said = { allow: "no", deny: "no", matched: [], undecided: [], notUnderstood: [] };

export interface Matched {
  statement: Statement;
  matches: Tri;
  undecided: string[];
  notUnderstood: string[];
}

/** @param speaksOf whether a statement is about the caller at all: always, for the caller's own policies */
export function whatIsSaid(
  documents: readonly PolicyDocument[],
  asked: Asked,
  speaksOf: (statement: Statement) => Tri = () => "yes",
): Said {
  const matched = documents.flatMap(({ version, statements }) =>
    statements
      .map((statement) => match(statement, asked, speaksOf(statement), { variables: version !== "2008-10-17" }))
      .filter(({ matches }) => matches !== "no"),
  );
  const of = (effect: Statement["effect"]) =>
    some(matched.flatMap(({ statement, matches }) => (statement.effect === effect ? [matches] : [])));
  return {
    allow: of("Allow"),
    deny: of("Deny"),
    matched,
    undecided: [...new Set(matched.flatMap(({ undecided }) => undecided))],
    notUnderstood: [...new Set(matched.flatMap(({ notUnderstood }) => notUnderstood))],
  };
}

function match(statement: Statement, asked: Asked, speaks: Tri, reading: Reading): Matched {
  const resource = matchesResource(statement, asked, reading);
  const about = all([speaks, matchesAction(statement, asked), resource]);
  const none = { statement, matches: "no" as const, undecided: [], notUnderstood: [] };
  if (about === "no") return none;
  const { holds, undecided, notUnderstood } = conditionsHold(statement.conditions, asked.context, reading);
  if (holds === "no") return none;
  const called = statement.sid ? ` (${statement.sid})` : "";
  const name = (one: string) => `${one}${called}`;
  const other = [
    ...(speaks === "maybe" ? ["whom the principal names"] : []),
    ...(resource === "maybe" && isMany(asked.resource) ? [`which of ${asked.resource}`] : []),
  ];
  if (resource === "maybe" && statement.notResources.some((text) => isAbsent(text, asked.context, reading))) {
    other.push("a variable without value in NotResource");
  }
  const open = about === "maybe" && other.length === 0;
  const variable =
    open && hangsOnVariable(statement, asked, reading) ? [`variable in ${statement.sid ?? "a statement"}`] : [];
  if (open && variable.length === 0) other.push(`how far a sign amid an ARN goes in ${asked.resource}`);
  return {
    statement,
    matches: all([about, holds]),
    undecided: [...undecided.map(name), ...other.map(name), ...variable],
    notUnderstood: [...notUnderstood, ...other].map(name),
  };
}

function matchesAction({ actions, notActions }: Statement, { action }: Asked): Tri {
  const wanted = action.toLowerCase();
  const named = (patterns: string[]) => patterns.some((pattern) => globMatches(pattern.toLowerCase(), wanted));
  return tri(notActions.length > 0 ? !named(notActions) : named(actions));
}

/** A trust policy has no Resource: it speaks of its own role. */
function matchesResource({ resources, notResources }: Statement, { resource, context }: Asked, reading: Reading): Tri {
  const one = (written: string) =>
    isMany(resource)
      ? matchesMany(wholeArn(written), resource, context, reading)
      : matchesOne(written, resource, context, reading);
  if (notResources.length > 0) {
    const named = some(notResources.map(one));
    // AWS: a variable without value makes the whole statement invalid; it excepts nothing, yet must not let everything in.
    return named === "no" && notResources.some((text) => isAbsent(text, context, reading)) ? "maybe" : not(named);
  }
  return resources.length === 0 ? "yes" : some(resources.map(one));
}

function hangsOnVariable({ resources, notResources }: Statement, { context }: Asked, reading: Reading): boolean {
  return [...resources, ...notResources].some((pattern) => filledPattern(pattern, context, reading) === "maybe");
}

function matchesOne(written: string, resource: string, context: Context, reading: Reading): Tri {
  const found = filledPattern(wholeArn(written), context, reading);
  if (typeof found === "string") return found;
  const text = shield(resource);
  if (globMatches(found.filled, text)) {
    const known = !namesEarly(written, reading) && isDocumented(written, found.filled, text);
    return known ? "yes" : "maybe";
  }
  // An ARN that ends early, but whose star reaches the end.
  return wholeArn(written) === written ? "no" : mayReach(written, text, context, reading);
}

/** AWS: a variable replaces no part of an ARN before the fifth colon. What comes of one that does is not documented. */
function namesEarly(written: string, { variables = true }: Reading): boolean {
  const marked = written.replaceAll(/\$\{[^}]*[^}*?$][^}]*\}/g, "\u0000");
  return variables && marked.split(":").slice(0, 5).join().includes("\u0000");
}

function mayReach(written: string, text: string, context: Context, reading: Reading): Tri {
  const found = filledPattern(written, context, reading);
  return typeof found !== "string" && globMatches(found.filled, text) ? "maybe" : "no";
}

function isDocumented(written: string, filled: string, text: string): boolean {
  return !written.startsWith("arn:") || !/[*?][^:]/.test(written) || staysInItsPart(filled, text);
}

/** Asked about all that a pattern stands for; but `*` alone is what calls have that know no resource. */
function isMany(resource: string): boolean {
  return resource !== "*" && /[*?]/.test(resource);
}

function matchesMany(pattern: string, resource: string, context: Context, reading: Reading): Tri {
  const found = filledPattern(pattern, context, reading);
  if (typeof found === "string") return found;
  if (globWithin(resource, found.filled)) return "yes";
  return globsMeet(resource, found.filled) ? "maybe" : "no";
}
