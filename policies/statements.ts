/** Statements of a policy document as programs give it: a JSON text. */
import { listOf, objectOf, objectsOf, textsOf } from "./inputs.ts";

export interface Statement {
  allows: boolean;
  actions: string[];
  resources: string[];
  /** Values of every kind of principal; `*` for all the world. Empty in an identity's own policy. */
  principals: string[];
  /** Operator, key and values of each condition. */
  conditions: { operator: string; key: string; values: string[] }[];
  /** Whether it names what it does not mean (NotAction, NotResource, NotPrincipal). */
  negated: boolean;
}

/** @returns undefined when the text is no policy document, which the cloud would refuse as well. */
export function statementsOf(document: unknown): Statement[] | undefined {
  if (typeof document !== "string") return undefined;
  try {
    return objectsOf(objectOf(JSON.parse(document)).Statement).map(statementOf);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function statementOf(given: Readonly<Record<string, unknown>>): Statement {
  const principal = given.Principal;
  return {
    allows: given.Effect === "Allow",
    actions: textsOf(given.Action),
    resources: textsOf(given.Resource),
    principals: principal === "*" ? ["*"] : Object.values(objectOf(principal)).flatMap(textsOf),
    conditions: Object.entries(objectOf(given.Condition)).flatMap(([operator, keys]) =>
      Object.entries(objectOf(keys)).map(([key, values]) => ({ operator, key, values: listOf(values).map(String) })),
    ),
    negated: ["NotAction", "NotResource", "NotPrincipal"].some((word) => given[word] !== undefined),
  };
}
