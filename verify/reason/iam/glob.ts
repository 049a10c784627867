/** Wildcards of policies, and the variables in them. */
import { type Tri, tri } from "../tri.ts";

/** Values of a request by key in lower case. null: known to be absent. A key that is not here is not known. */
export type Context = Readonly<Record<string, readonly string[] | null>>;

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

const literals: Record<string, string> = { "*": "\u0001", "?": "\u0002", $: "$" };

/** A variable's value is never a wildcard: what it holds is compared as it stands. */
const shield = (value: string) => value.replaceAll("*", "\u0001").replaceAll("?", "\u0002");
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
    const values = context[key.toLowerCase()];
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

/** @param pattern with wildcards where `wild`, else compared whole; with variables in either case */
export function patternMatches(pattern: string, text: string, context: Context, wild = true): Tri {
  const found = pattern.includes("${") ? fill(pattern, context) : { filled: pattern };
  if (!found) return "maybe";
  if ("absent" in found) return "no";
  return tri(wild ? globMatches(found.filled, shield(text)) : unshield(found.filled) === text);
}
