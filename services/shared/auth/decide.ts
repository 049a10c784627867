/** The one place where a request is allowed or denied. Everything that is not allowed by name is denied. */
import type { Message } from "@bufbuild/protobuf";
import { denied } from "../errors.ts";
import { type Caller, type Identified, requireOwnOrg } from "./caller.ts";
import { allows } from "./permissions.ts";
import type { Named, Rule } from "./rule.ts";

/** Before grants are looked up: users where users may, compute planes where they may. */
export function requireKind(rule: Rule | undefined, { role }: Pick<Identified, "role">, method: string): asserts rule {
  const fits = rule && (rule.who === "cluster") === (role === "cluster");
  if (!fits) throw denied(`nobody of the role ${role} may call ${method}`);
}

/** After it, since a denial is recorded in the caller's name: who is there no more is not told of one, nor recorded. */
export function requireOwnSignIn(
  rule: Rule,
  { role, apiKey, kind }: Pick<Identified, "role" | "apiKey" | "kind">,
  method: string,
): void {
  if (rule.who !== "in-person") return;
  if (role === "task" || kind === "staff" || apiKey !== undefined) {
    throw denied(`${method} needs the caller's own sign-in: no task, no API key and no staff may call it`);
  }
}

/** Before the request is read: what holds nowhere cannot hold here. @throws permission_denied */
export function requireSomewhere(rule: Rule, { grants }: Pick<Caller, "grants">, method: string): void {
  if (rule.who !== "permitted" || allows(grants, { anyOf: rule.anyOf, at: "somewhere" })) return;
  throw denied(`${method} needs ${rule.anyOf.join(" or ")}, which the caller was not granted`);
}

/** @throws permission_denied: the message tells what the request itself names, and nothing of what exists. */
export function requireNamed(rule: Rule, caller: Pick<Caller, "org" | "grants">, message: Message, method: string) {
  if (rule.who === "signed-in") for (const org of rule.orgs(message)) requireOwnOrg(caller, org);
  if (rule.who !== "permitted") return;
  for (const { org, at, anyOf = rule.anyOf } of rule.named(message)) {
    requireOwnOrg(caller, org);
    if (allows(caller.grants, { anyOf, at })) continue;
    throw denied(`${method} needs ${anyOf.join(" or ")} ${words(at)}, which the caller was not granted`);
  }
}

function words(at: Named["at"]): string {
  if (at === "organisation") return "for the whole organisation";
  if (at === "somewhere") return "somewhere";
  const domain = "domain" in at ? ` and the domain ${JSON.stringify(at.domain.slice(0, 63))}` : "";
  return `in the project ${JSON.stringify(at.project.slice(0, 63))}${domain}`;
}
