/**
 * One question, answered as IAM on Google Cloud decides: a deny policy above the resource first, then whether any binding
 * of the resource's own policy or of one above it gives a role that holds the permission. What is not told or not
 * understood stays open to the end. Principal access boundaries and organisation policies are not looked at.
 * Source: https://cloud.google.com/iam/docs/policy-types
 */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import type { IamAnswer } from "../iam/decide.ts";
import { queryId } from "../input/parsed.ts";
import { type Attributes, evaluateCondition, type Value } from "./cel.ts";
import { type Asking, allOf, anyOf, deniedMember, type Match, memberMatches, notOf } from "./members.ts";
import { type Binding, chainOf, type DenyRule, type GcpPolicies, type GcpResource } from "./policy-file.ts";

const principalAllowed =
  "user:E-MAIL, serviceAccount:E-MAIL, serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME], principal://…, " +
  "or allUsers for whoever is not signed in";
const contextValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

export const gcpIamQuery = z.strictObject({
  id: queryId,
  principal: z
    .string(principalAllowed)
    .regex(/^(user:.+@.+|serviceAccount:.+|principal:\/\/.+|allUsers)$/, principalAllowed)
    .describe(principalAllowed),
  permission: z
    .string("one permission, such as storage.objects.get")
    .regex(/^[a-z][A-Za-z0-9]*(\.[A-Za-z0-9]+){2,}$/, "one permission, such as storage.objects.get"),
  resource: z
    .string("a full resource name")
    .regex(/^\/\/[a-z0-9.-]+\/.+$/, "a full resource name, such as //storage.googleapis.com/projects/_/buckets/acme")
    .describe("One of the file's, or one that lies beneath it by its name"),
  context: z
    .record(z.string(), contextValue)
    .default({})
    .describe("Attributes of conditions by name, such as request.time. One that is not here is not known"),
  attributes: z
    .record(z.string(), z.string())
    .default({})
    .describe("Of a pool's token, such as attribute.repository. One that is not here is not known"),
  groups: z
    .array(z.string())
    .optional()
    .describe("Every group that the principal is in, in place of the file's groups"),
});

export type GcpIamQuery = z.output<typeof gcpIamQuery>;

/** @throws UserError for a resource that is none of the file's and lies beneath none */
export function decideGcp(policies: GcpPolicies, query: GcpIamQuery): IamAnswer {
  const chain = chainAbove(policies, query.resource);
  const attributes = attributesOf(query);
  const denials = denialsOn(policies, chain, query, attributes);
  const denied = anyOf(denials.map(({ match }) => match));
  if (denied.matches === "yes") return { decision: "deny", by: `denied by ${placesOf(denials)}` };
  const grants = grantsOn(policies, chain, query, attributes);
  const granted = anyOf(grants.map(({ match }) => match));
  if (granted.matches === "no") {
    return { decision: "deny", by: `no binding on ${chain.map(({ name }) => name).join(", ")} allows it` };
  }
  const sides = [notOf(denied), granted].filter(({ matches }) => matches === "maybe");
  if (sides.length === 0) return { decision: "allow", by: `allowed by ${placesOf(grants)}` };
  const decision = sides.some(({ notUnderstood }) => notUnderstood) ? "unknown" : "conditional";
  return { decision, by: [...new Set(sides.flatMap(({ open }) => open))].join("; ") };
}

interface Spoken {
  place: string;
  match: Match;
}

function placesOf(spoken: readonly Spoken[]): string {
  const saying = spoken.filter(({ match }) => match.matches === "yes");
  return saying.map(({ place }) => place).join(", ");
}

function grantsOn(policies: GcpPolicies, chain: GcpResource[], query: GcpIamQuery, attributes: Attributes): Spoken[] {
  return chain.flatMap(({ name, policy }) =>
    policy.bindings.map((binding, index) => ({
      place: `bindings[${index}] (${binding.role}) on ${name}`,
      match: bindingMatches(policies, binding, query, attributes),
    })),
  );
}

function bindingMatches(policies: GcpPolicies, binding: Binding, query: GcpIamQuery, attributes: Attributes): Match {
  const holds = roleHolds(policies, binding.role, query.permission);
  if (holds.matches === "no") return holds;
  const members = anyOf(binding.members.map((member) => stands(policies, member, query)));
  return allOf([members, conditionHolds(binding.condition?.expression, attributes), holds]);
}

function roleHolds({ roles }: GcpPolicies, name: string, permission: string): Match {
  const role = roles.find((one) => one.name === name);
  if (role) return { matches: role.includedPermissions.includes(permission) ? "yes" : "no", open: [] };
  return { matches: "maybe", open: [`what ${name} holds, which the file does not tell`], notUnderstood: true };
}

/** Whether the member of a binding is the asker. */
export function stands(policies: GcpPolicies, member: string, asking: Asking): Match {
  return memberMatches(member, asking, policies.groups, (role, project) =>
    hasBasicRole(policies, asking, role, project),
  );
}

/** Members such as projectOwner:acme stand for whoever has the basic role on the project itself. */
function hasBasicRole(policies: GcpPolicies, asking: Asking, role: string, project: string): Match {
  const found = policies.resources.find(
    ({ name }) => name === `//cloudresourcemanager.googleapis.com/projects/${project}`,
  );
  if (!found) {
    return {
      matches: "maybe",
      open: [`who has ${role} on project ${project}, which the file has not`],
      notUnderstood: true,
    };
  }
  const bindings = found.policy.bindings.filter((binding) => binding.role === role);
  // Basic roles on a project name nobody by the roles themselves, so this ends.
  const members = bindings.flatMap((binding) => binding.members).filter((member) => !/^project[A-Z]/.test(member));
  return anyOf(members.map((member) => stands(policies, member, asking)));
}

function conditionHolds(expression: string | undefined, attributes: Attributes): Match {
  if (expression === undefined) return { matches: "yes", open: [] };
  const result = evaluateCondition(expression, attributes);
  if ("value" in result) return { matches: result.value === true ? "yes" : "no", open: [] };
  const what = result.understood ? result.open : `the condition ${expression}, where ${result.open} is not understood`;
  return { matches: "maybe", open: [what], notUnderstood: !result.understood };
}

function denialsOn(policies: GcpPolicies, chain: GcpResource[], query: GcpIamQuery, attributes: Attributes): Spoken[] {
  const names = new Set(chain.map(({ name }) => name));
  return policies.denyPolicies.flatMap(({ on, rules }, at) =>
    rules.flatMap(({ denyRule }, index) =>
      denyRule && names.has(on)
        ? [
            {
              place: `denyPolicies[${at}].rules[${index}] on ${on}`,
              match: denies(policies, denyRule, query, attributes),
            },
          ]
        : [],
    ),
  );
}

function denies(policies: GcpPolicies, rule: DenyRule, query: GcpIamQuery, attributes: Attributes): Match {
  const permission = deniedName(query.permission);
  const names = (patterns: string[]) => patterns.some((pattern) => covers(pattern, permission));
  if (!names(rule.deniedPermissions) || names(rule.exceptionPermissions)) return { matches: "no", open: [] };
  const among = (principals: string[]) => anyOf(principals.map((one) => stands(policies, deniedMember(one), query)));
  return allOf([
    among(rule.deniedPrincipals),
    notOf(among(rule.exceptionPrincipals)),
    conditionHolds(rule.denialCondition?.expression, attributes),
  ]);
}

/** Deny rules name permissions by their service's host: `storage.googleapis.com/objects.get`. */
function deniedName(permission: string): string {
  const [service = "", ...rest] = permission.split(".");
  const host = service === "resourcemanager" ? "cloudresourcemanager" : service;
  return `${host}.googleapis.com/${rest.join(".")}`;
}

/** `*` stands at an end, for all of a service or all verbs of a kind; or in the place of the kind, for a verb on all. */
function covers(pattern: string, permission: string): boolean {
  const literal = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${literal}$`).test(permission);
}

/** The nearest resource of the file that it is or lies beneath, and all above. */
function chainAbove(policies: GcpPolicies, resource: string): GcpResource[] {
  const [nearest] = policies.resources
    .filter(({ name }) => resource === name || resource.startsWith(`${name}/`))
    .sort((a, b) => b.name.length - a.name.length);
  if (nearest) return chainOf(policies, nearest.name);
  throw refusal({
    subject: "resource",
    value: resource,
    allowed: `one of the policies' resources, or one beneath: ${policies.resources.map(({ name }) => name).join(", ")}`,
  });
}

const kinds: [pattern: RegExp, type: string][] = [
  [/^storage\.googleapis\.com\/projects\/_\/buckets\/[^/]+\/objects\//, "storage.googleapis.com/Object"],
  [/^storage\.googleapis\.com\/projects\/_\/buckets\/[^/]+$/, "storage.googleapis.com/Bucket"],
  [
    /^secretmanager\.googleapis\.com\/projects\/[^/]+\/secrets\/[^/]+\/versions\//,
    "secretmanager.googleapis.com/SecretVersion",
  ],
  [/^secretmanager\.googleapis\.com\/projects\/[^/]+\/secrets\/[^/]+$/, "secretmanager.googleapis.com/Secret"],
  [/^cloudresourcemanager\.googleapis\.com\/projects\/[^/]+$/, "cloudresourcemanager.googleapis.com/Project"],
  [/^logging\.googleapis\.com\/.+\/views\/[^/]+$/, "logging.googleapis.com/LogView"],
];

/** What a condition may ask of the resource follows from its name; what the question tells counts before that. */
function attributesOf({ resource, permission, context }: GcpIamQuery): Attributes {
  const [, service = "", name = ""] = /^\/\/([^/]+)\/(.+)$/.exec(resource) ?? [];
  const type = kinds.find(([pattern]) => pattern.test(`${service}/${name}`))?.[1];
  const known: Record<string, Value | null> = {
    // Only a list has one.
    ...(permission === "storage.objects.list" ? {} : { "storage.googleapis.com/objectListPrefix": null }),
    "resource.service": service,
    "resource.name": name,
    ...(type ? { "resource.type": type } : {}),
    ...context,
  };
  const time = known["request.time"];
  if (typeof time === "string") known["request.time"] = { time: Date.parse(time) };
  return (attribute) => (Object.hasOwn(known, attribute) ? known[attribute] : undefined);
}
