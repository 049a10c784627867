/**
 * Policy documents as data. Over-approximates what is granted: a condition never makes an Allow smaller here, and
 * NotAction or NotResource counts as everything.
 */

export interface Statement {
  sid?: string;
  effect: "Allow" | "Deny";
  /** Lower case, with their wildcards. */
  actions: string[];
  notActions: string[];
  resources: string[];
  notResources: string[];
  /** `AWS:arn…`, `Federated:arn…`, `Service:…`, or `*`. */
  principals: string[];
  /** Everybody but these. @default none */
  notPrincipals?: string[];
  /** operator → key (lower case) → values. */
  conditions: Record<string, Record<string, string[]>>;
}

export interface PolicyDocument {
  version: string;
  statements: Statement[];
}

type Json = Record<string, unknown>;

/** @param text JSON as the API answers it, URL-encoded or not. @throws SyntaxError on anything else. */
export function parsePolicy(text: string): PolicyDocument {
  return policyFrom(JSON.parse(text.trimStart().startsWith("{") ? text : decodeURIComponent(text)));
}

/** @param value a policy document that is parsed already */
export function policyFrom(value: unknown): PolicyDocument {
  const raw = value as Json;
  return { version: String(raw.Version ?? "2008-10-17"), statements: many(raw.Statement).map(parseStatement) };
}

function parseStatement(raw: unknown): Statement {
  const statement = raw as Json;
  return {
    ...(statement.Sid === undefined ? {} : { sid: String(statement.Sid) }),
    effect: statement.Effect === "Deny" ? "Deny" : "Allow",
    actions: strings(statement.Action).map((action) => action.toLowerCase()),
    notActions: strings(statement.NotAction).map((action) => action.toLowerCase()),
    resources: strings(statement.Resource),
    notResources: strings(statement.NotResource),
    principals: principalsOf(statement.Principal),
    ...(statement.NotPrincipal === undefined ? {} : { notPrincipals: principalsOf(statement.NotPrincipal) }),
    conditions: conditionsOf(statement.Condition),
  };
}

function principalsOf(raw: unknown): string[] {
  if (raw === undefined) return [];
  if (typeof raw === "string") return [raw];
  return Object.entries(raw as Json).flatMap(([kind, values]) => strings(values).map((value) => `${kind}:${value}`));
}

function conditionsOf(raw: unknown): Statement["conditions"] {
  return Object.fromEntries(
    Object.entries((raw ?? {}) as Json).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys as Json).map(([key, values]) => [key.toLowerCase(), strings(values)])),
    ]),
  );
}

function many(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function strings(value: unknown): string[] {
  return many(value).map(String);
}

/** Statements that give something. */
export function grants(documents: readonly PolicyDocument[]): Statement[] {
  return documents.flatMap((document) => document.statements.filter(({ effect }) => effect === "Allow"));
}

/** Service prefixes that are granted; `*` where the grant is not limited to named services. */
export function grantedFamilies(documents: readonly PolicyDocument[]): string[] {
  const families = grants(documents).flatMap(({ actions, notActions }) =>
    notActions.length > 0 ? ["*"] : actions.map((action) => (action.includes(":") ? action.split(":")[0] : "*") ?? "*"),
  );
  return [...new Set(families)].sort();
}

/** Is every string of `inner` also one of `outer`? Both are globs of `*` and `?`; sound, since literals must match. */
export function globWithin(inner: string, outer: string): boolean {
  return within([...inner], 0, [...outer], 0, new Map());
}

function within(inner: string[], i: number, outer: string[], o: number, memo: Map<string, boolean>): boolean {
  const key = `${i},${o}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const answer = decide();
  memo.set(key, answer);
  return answer;

  function decide(): boolean {
    if (o === outer.length) return i === inner.length;
    if (outer[o] === "*") {
      if (within(inner, i, outer, o + 1, memo)) return true;
      return i < inner.length && within(inner, i + 1, outer, o, memo);
    }
    if (i === inner.length || inner[i] === "*") return false;
    if (outer[o] === "?" || outer[o] === inner[i]) return within(inner, i + 1, outer, o + 1, memo);
    return false;
  }
}
