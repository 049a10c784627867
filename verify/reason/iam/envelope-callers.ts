/** Of whom statements speak, and what holds that. */
import type { PolicyDocument, Statement } from "../iam-policy.ts";
import { some, type Tri, tri } from "../tri.ts";
import type { Part, Said } from "./envelope-parts.ts";

/**
 * One caller whom a grant reaches, and what holds that (AWS: "Permissions boundaries", resource-based policies): what a
 * resource gives to a role is held by boundary and session, to a user, a session or everybody it is not, and to a service or
 * whoever is not signed in not even by the organisation.
 */
export interface Caller {
  held: "held" | "named" | "outside";
  /** As a policy of a resource names it. Undefined: whose own policies these are, whom none names. */
  name?: string;
}

/** Who is named, everybody apart. */
export function namesIn(documents: readonly PolicyDocument[]): string[] {
  const named = documents.flatMap(({ statements }) =>
    statements.flatMap(({ principals, notPrincipals = [] }) => [...principals, ...notPrincipals]),
  );
  return [...new Set(named)].filter((name) => name !== "*" && name !== "AWS:*");
}

/** Callers who differ in what speaks to them: each who is named, and one of each kind who is not. */
export function callersOf(names: readonly string[]): Caller[] {
  const named = names.map((name): Caller => {
    if (!name.startsWith("AWS:")) return { held: "outside", name };
    return { held: /:(user|assumed-role|federated-user)\//.test(name) ? "named" : "held", name };
  });
  return [...named, { held: "named" }, { held: "outside", name: "*" }];
}

/** Does a statement speak to a caller? Maybe where one of two names may be the other's account, or its session. */
export function speaksTo({ statement }: Part, { held, name }: Caller): Tri {
  const { principals, notPrincipals } = statement;
  if (isOfIdentity(statement)) return tri(held !== "outside");
  if (isForEverybody(statement)) return "yes";
  const listed = notPrincipals ?? principals;
  const found = name === undefined ? "no" : some(listed.map((one) => isSame(one, name)));
  if (!notPrincipals) return found;
  // As a Deny it spares nobody who has a boundary; and who has none of these names is of an account that is not known.
  return found === "yes" && statement.effect === "Allow" ? "no" : "maybe";
}

function isSame(one: string, other: string): Tri {
  const isAccount = (name: string) => /^AWS:(\d+$|arn:[^:]*:iam::\d+:root$)/.test(name);
  // What an account is given it leaves to its own policies.
  if (one === other) return isAccount(one) ? "maybe" : "yes";
  if (!one.startsWith("AWS:") || !other.startsWith("AWS:")) return "no";
  const isUser = (name: string) => /^AWS:arn:[^:]*:iam::\d+:user\//.test(name);
  const isRole = (name: string) => /^AWS:arn:[^:]*:iam::\d+:role\//.test(name);
  return (isUser(one) && isUser(other)) || (isRole(one) && isRole(other)) ? "no" : "maybe";
}

const isOfIdentity = ({ principals, notPrincipals }: Statement) => principals.length === 0 && !notPrincipals;

function isForEverybody({ principals }: Pick<Statement, "principals">): boolean {
  return principals.some((name) => name === "*" || name === "AWS:*");
}

/** The layers that hold what the part gives to such a caller. */
export function holding(
  { limits, ceilings }: Said,
  { statement }: Part,
  { held }: Caller,
): readonly (readonly Part[])[] {
  if (isOfIdentity(statement)) return [...limits, ...ceilings];
  if (held === "outside") return [];
  // Who is let in with everybody is let in as if by name.
  return held === "named" || isForEverybody(statement) ? ceilings : [...limits, ...ceilings];
}
