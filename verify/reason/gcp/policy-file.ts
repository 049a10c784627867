/** What holds in a part of Google Cloud, as a file gives it: policies as the APIs return them, by the resource they are on. */
import { z } from "zod";
import { refusal } from "../../../shared/errors.ts";
import { readJson } from "../input/json-file.ts";
import { parseOrRefuse } from "../input/parsed.ts";

const expression = z.object({ expression: z.string("a condition's expression") }).describe("CEL");

const binding = z.object({
  role: z.string("a role, such as roles/storage.objectViewer"),
  members: z.array(z.string(), "a list of members").default([]),
  condition: expression.optional(),
});

const resource = z.strictObject({
  name: z
    .string("a full resource name")
    .regex(/^\/\/[a-z0-9.-]+\/.+$/, "a full resource name, such as //storage.googleapis.com/projects/_/buckets/acme"),
  parent: z
    .string()
    .nullable()
    .describe("The resource that it lies in, also in this file; null where nothing is above it, or is to be looked at"),
  policy: z
    .object({ bindings: z.array(binding).default([]) })
    .default({ bindings: [] })
    .describe("As getIamPolicy answers it, with requestedPolicyVersion 3"),
});

const denyRule = z.object({
  deniedPrincipals: z.array(z.string()).default([]),
  exceptionPrincipals: z.array(z.string()).default([]),
  deniedPermissions: z.array(z.string()).default([]),
  exceptionPermissions: z.array(z.string()).default([]),
  denialCondition: expression.optional(),
});

export const gcpPolicyFile = z.strictObject({
  resources: z
    .array(resource)
    .min(1, "one resource at least")
    .describe("Projects, folders, buckets, service accounts, …"),
  roles: z
    .array(z.object({ name: z.string(), includedPermissions: z.array(z.string()).default([]) }))
    .default([])
    .describe("As roles.get answers them, Google's own too: what a role that is not here holds is not known"),
  denyPolicies: z
    .array(
      z.object({
        on: z.string().describe("Name of the resource that it is attached to"),
        rules: z.array(z.object({ denyRule: denyRule.optional() })).default([]),
      }),
    )
    .default([]),
  groups: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe("Members by group, such as group:a@acme.com: who is in a group that is not here is not known"),
});

export type GcpPolicies = z.output<typeof gcpPolicyFile>;
export type Binding = z.output<typeof binding>;
export type DenyRule = z.output<typeof denyRule>;
export type GcpResource = z.output<typeof resource>;

/** @throws UserError for what is no such file, with the place in it */
export function readGcpPolicies(file: string): GcpPolicies {
  return gcpPoliciesFrom(readJson(file, "policies"), file);
}

export function gcpPoliciesFrom(raw: unknown, subject: string): GcpPolicies {
  const policies = parseOrRefuse(gcpPolicyFile, raw, subject, "See docs/schemas/reason-iam-gcp-policies.schema.json.");
  const names = new Map<string, number>();
  for (const [index, { name }] of policies.resources.entries()) {
    const allowed = "each resource once";
    if (names.has(name)) throw refusal({ subject: `${subject}: resources.${index}.name`, value: name, allowed });
    names.set(name, index);
  }
  const named = [
    ...policies.resources.map(({ parent }, index) => [`resources.${index}.parent`, parent] as const),
    ...policies.denyPolicies.map(({ on }, index) => [`denyPolicies.${index}.on`, on] as const),
  ];
  for (const [place, name] of named) {
    if (name === null || names.has(name)) continue;
    throw refusal({ subject: `${subject}: ${place}`, value: name, allowed: "the name of a resource of this file" });
  }
  for (const { name } of policies.resources) chainOf(policies, name, subject);
  return policies;
}

/** The resource and all that it lies in. @throws UserError for one that lies in itself */
export function chainOf({ resources }: GcpPolicies, name: string, subject = "resources"): GcpResource[] {
  const byName = new Map(resources.map((one) => [one.name, one]));
  const chain: GcpResource[] = [];
  for (let next = byName.get(name); next; next = next.parent === null ? undefined : byName.get(next.parent)) {
    if (chain.includes(next)) {
      throw refusal({ subject: `${subject}: parent`, value: next.parent, allowed: "a resource that is above" });
    }
    chain.push(next);
  }
  return chain;
}
