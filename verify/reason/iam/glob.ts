/** Wildcards of policies, and the variables in them. */
import { type Tri, tri } from "../tri.ts";

/** Values of a request by key in lower case. null: known to be absent. A key that is not here is as `others` says. */
export type Context = Readonly<Record<string, readonly string[] | null | undefined>>;

/** The key that stands for all that a context does not name: null where these are absent; left out, they are not known. */
export const others = "*";

export function valuesOf(context: Context, key: string): readonly string[] | null | undefined {
  return Object.hasOwn(context, key) ? context[key] : context[others];
}

/** `*` any text, `?` one character; both ends are bound. Linear: it remembers only the last star. */
export function globMatches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** AWS takes each part that an ARN in a policy ends without for any ("Resource": `arn:aws:sqs` is every queue). */
export function wholeArn(pattern: string): string {
  // Colons within a variable part nothing.
  const parts = pattern.replace(/\$\{[^}]*\}/g, "").split(":").length;
  return pattern.startsWith("arn:") && parts < 6 ? `${pattern}${":*".repeat(6 - parts)}` : pattern;
}

/**
 * As AWS documents Resource: a star that ends a part of the ARN goes on past the colon, and no other sign does; in the last
 * of the six parts a colon is a sign like any other. What only `globMatches` matches is not documented.
 */
export function staysInItsPart(pattern: string, text: string): boolean {
  const parts = pattern.split("").map((_, at) => pattern.slice(0, at).split(":").length);
  const passesColon = (at: number) =>
    (parts[at] ?? 0) > 5 || (pattern[at] === "*" && (at + 1 === pattern.length || pattern[at + 1] === ":"));
  // Which places of the pattern are reached; a star may stand for nothing.
  const skip = (places: Set<number>) => {
    for (const at of places) if (pattern[at] === "*") places.add(at + 1);
    return places;
  };
  let reached = skip(new Set([0]));
  for (const char of text.split("")) {
    const next = [...reached].flatMap((at) => {
      if (pattern[at] !== "*" && pattern[at] !== "?") return pattern[at] === char ? [at + 1] : [];
      if (char === ":" && !passesColon(at)) return [];
      return [pattern[at] === "*" ? at : at + 1];
    });
    reached = skip(new Set(next));
  }
  return reached.has(pattern.length);
}

const literals: Record<string, string> = { "*": "\u0001", "?": "\u0002", $: "$" };

/** A variable's value is never a wildcard: what it holds is compared as it stands. */
export const shield = (value: string) => value.replaceAll("*", "\u0001").replaceAll("?", "\u0002");
const unshield = (value: string) => value.replaceAll("\u0001", "*").replaceAll("\u0002", "?");

/**
 * The pattern with its variables filled in; undefined where one is not known. A variable of a key that is absent matches
 * nothing, unless the policy gives it a default.
 */
function fill(pattern: string, context: Context): { filled: string } | { absent: true } | undefined {
  let absent = false;
  let unknown = false;
  const filled = pattern.replace(/\$\{([^}]+)\}/g, (_, body: string) => {
    const literal = literals[body];
    if (literal !== undefined) return literal;
    const [, key = "", fallback] = /^([^,]+?)\s*(?:,\s*'([^']*)')?$/.exec(body) ?? [];
    const values = valuesOf(context, key.toLowerCase());
    if (values === undefined) unknown = true;
    else if (values === null || values.length !== 1) {
      if (fallback === undefined) absent = true;
      else return shield(fallback);
    }
    return shield(values?.[0] ?? "");
  });
  if (unknown) return undefined;
  return absent ? { absent: true } : { filled };
}

export interface Reading {
  /** Policies of 2008 know no variables: what looks like one is text. @default true */
  variables?: boolean;
}

/** The pattern with its variables filled in, for `globMatches` against what `shield` made; a Tri where that fails. */
export function filledPattern(
  pattern: string,
  context: Context,
  { variables = true }: Reading,
): { filled: string } | Tri {
  if (!variables || !pattern.includes("${")) return { filled: pattern };
  const found = fill(pattern, context);
  if (!found) return "maybe";
  return "absent" in found ? "no" : found;
}

/** Does it name a variable that has no value? */
export function isAbsent(pattern: string, context: Context, reading: Reading): boolean {
  return filledPattern(pattern, context, reading) === "no";
}

/** @param pattern with wildcards and variables */
export function patternMatches(pattern: string, text: string, context: Context, reading: Reading = {}): Tri {
  const found = filledPattern(pattern, context, reading);
  return typeof found === "string" ? found : tri(globMatches(found.filled, shield(text)));
}

/** @param wanted with variables, and without wildcards */
export function textEquals(wanted: string, text: string, context: Context, reading: Reading = {}, folded = false): Tri {
  const found = filledPattern(wanted, context, reading);
  if (typeof found === "string") return found;
  const whole = unshield(found.filled);
  return tri(folded ? whole.toLowerCase() === text.toLowerCase() : whole === text);
}

/** Is there a text that both globs match? */
export function globsMeet(one: string, other: string): boolean {
  // Columns of a table: which ends of `other` are reached after so much of `one`.
  let reached = [...Array(other.length + 1).keys()].map((end) => /^\**$/.test(other.slice(0, end)));
  for (const char of one) {
    const before = reached;
    reached = before.map(() => false);
    for (const at of before.keys()) {
      const mine = other[at - 1];
      const meets = mine !== undefined && (char === "?" || mine === "?" || mine === char);
      const step = at > 0 && meets && mine !== "*" && before[at - 1] === true;
      // A star of the one passes over any of the other, and the other way round.
      const passed = char === "*" ? before[at] || reached[at - 1] : mine === "*" && (before[at] || reached[at - 1]);
      reached[at] = (char !== "*" && step) || Boolean(passed);
    }
  }
  return reached[other.length] === true;
}

/** The keys of `${…}`, but of the signs that stand for themselves. */
export function variablesOf(value: string): string[] {
  return [...value.matchAll(/\$\{([^,}]+?)\s*(?:,[^}]*)?\}/g)].flatMap(([, key = ""]) =>
    /^[*?$]$/.test(key) ? [] : [key.toLowerCase()],
  );
}
