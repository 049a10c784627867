/**
 * Who may do what in the project that the sandbox keeps: allow policies as they stand there, roles by the permissions that
 * calls of workloads ask for. A judge of the sandbox's own, apart from verify's. What it cannot judge it does not allow: a
 * condition in any other form, a role that it does not know.
 */
import type { Entry } from "../../providers/machine/kept.ts";
import { policyPart } from "../../providers/machine/kept.ts";
import { isProperties, type Value } from "../../providers/machine/values.ts";

export type Entries = Readonly<Record<string, Entry>>;

export interface Asked {
  /** As IAM names it, such as `serviceAccount:NAME@PROJECT.iam.gserviceaccount.com`. */
  principal: string;
  /** All of them are asked for. */
  permissions: readonly string[];
  /** Paths in the store, from the resource upwards: their policies add up. */
  policies: readonly string[];
  /** `resource.name` of conditions. */
  name: string;
  /** Of a list of objects: the prefix that is asked for. */
  listPrefix?: string;
}

/** Of predefined roles, what calls of workloads ask for. Source: IAM's reference of roles and permissions. */
const predefined: Readonly<Record<string, readonly string[]>> = {
  "roles/storage.objectUser": ["create", "delete", "get", "list", "update"].map((verb) => `storage.objects.${verb}`),
  "roles/iam.workloadIdentityUser": ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"],
  "roles/logging.viewAccessor": ["logging.views.access"],
};

export function isAllowed(entries: Entries, asked: Asked): boolean {
  const grants = asked.policies.flatMap((path) => grantsIn(entries, path, asked.principal));
  const held = grants
    .filter(({ condition }) => holds(condition, asked))
    .flatMap(({ role }) => permissionsOf(entries, role));
  return asked.permissions.every((permission) => held.includes(permission));
}

interface Grant {
  role: string;
  condition: Value | undefined;
}

function grantsIn(entries: Entries, path: string, principal: string): Grant[] {
  return Object.entries(entries)
    .filter(([held, { inputs, destroyed }]) => {
      return held.startsWith(`${path}${policyPart}`) && inputs.member === principal && !destroyed;
    })
    .map(([, { inputs }]) => ({ role: String(inputs.role), condition: inputs.condition }));
}

function permissionsOf(entries: Entries, role: string): readonly string[] {
  const custom = entries[role]?.inputs.permissions;
  if (Array.isArray(custom)) return custom.map(String);
  return predefined[role] ?? [];
}

const nameBegins = /^resource\.name\.startsWith\(("(?:[^"\\]|\\.)*")\)$/;
const prefixBegins =
  /^api\.getAttribute\("storage\.googleapis\.com\/objectListPrefix", ""\)\.startsWith\(("(?:[^"\\]|\\.)*")\)$/;

function holds(condition: Value | undefined, { name, listPrefix = "" }: Asked): boolean {
  if (condition === undefined || condition === null) return true;
  const expression = isProperties(condition) ? String(condition.expression) : "";
  return expression.split(" || ").some((term) => {
    const [, named] = nameBegins.exec(term) ?? [];
    if (named) return name.startsWith(textOf(named));
    const [, listed] = prefixBegins.exec(term) ?? [];
    return listed !== undefined && listPrefix.startsWith(textOf(listed));
  });
}

/** A literal of CEL within double quotes; in what conditions are made of here it is one of JSON. */
function textOf(literal: string): string {
  return String(JSON.parse(literal));
}
