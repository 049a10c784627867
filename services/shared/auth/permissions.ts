/** What may be granted, where, and whether a set of grants is enough. Pure: every decision of every service is made here. */

/** Facts/access 10.1 names the first six; the rest are what the documents give to administrators or contributors. */
export const permissions = [
  "view_flyte_inventory",
  "view_flyte_executions",
  // Runs, their state and their logs, but not what they read and wrote.
  "view_run_metadata",
  "create_flyte_executions",
  "register_flyte_inventory",
  "administer_project",
  "manage_permissions",
  "manage_secrets",
  "manage_clusters",
  "manage_applications",
  "view_audit",
] as const;
export type Permission = (typeof permissions)[number];

const viewer = ["view_flyte_inventory", "view_flyte_executions"] as const;

/** Every organisation has them, as roles and as policies of the same names. */
export const builtinRoles = {
  admin: permissions,
  contributor: [...viewer, "create_flyte_executions", "register_flyte_inventory", "manage_secrets"],
  viewer,
} as const satisfies Record<string, readonly Permission[]>;
export type BuiltinRole = keyof typeof builtinRoles;

export function isBuiltin(name: string): name is BuiltinRole {
  return Object.hasOwn(builtinRoles, name);
}

/**
 * What an organisation may let the region's staff do (seed 000, "Access scope and limitations"). Neither has anything by
 * which a secret, an input or an output is read.
 */
export const staffRoles = {
  support: ["view_flyte_inventory", "view_run_metadata"],
  operator: ["view_flyte_inventory", "view_run_metadata", "manage_clusters", "administer_project"],
} as const satisfies Record<string, readonly Permission[]>;
export type StaffRole = keyof typeof staffRoles;

export const staffRoleNames = Object.keys(staffRoles) as StaffRole[];
export const isStaffRole = (name: string): name is StaffRole => Object.hasOwn(staffRoles, name);

/** What a task pod does for its own run: children, their state, its nested data. Nobody can be given it. */
export const taskPermissions = [...viewer, "create_flyte_executions"] as const satisfies readonly Permission[];

/** Where a grant holds: an empty project stands for every one, an empty domain too. Never a project without a domain. */
export interface Place {
  project: string;
  domain: string;
}

export interface Grant extends Place {
  permissions: readonly Permission[];
}

export const everywhere: Place = { project: "", domain: "" };

export interface Need {
  /** One of them is enough. */
  anyOf: readonly Permission[];
  /**
   * A place is what the request names, so an empty part of it is covered by a grant of that width only. `project`: in
   * some domain of it. `somewhere`: in any place, where the answer is narrowed to those.
   */
  at: Place | { project: string } | "organisation" | "somewhere";
}

export function allows(grants: readonly Grant[], { anyOf, at }: Need): boolean {
  return grants.some(
    (grant) => anyOf.some((permission) => grant.permissions.includes(permission)) && covers(grant, at),
  );
}

function covers(grant: Grant, at: Need["at"]): boolean {
  if (at === "somewhere") return true;
  if (at === "organisation") return grant.project === "" && grant.domain === "";
  if (grant.project !== "" && grant.project !== at.project) return false;
  return !("domain" in at) || grant.domain === "" || grant.domain === at.domain;
}

/** @returns every place in which one may, for queries: "all", or some, perhaps none. @param anyOf as in a need. */
export function placesOf(grants: readonly Grant[], ...anyOf: Permission[]): "all" | Place[] {
  const holding = grants.filter(({ permissions: held }) => anyOf.some((permission) => held.includes(permission)));
  if (holding.some((grant) => covers(grant, "organisation"))) return "all";
  return holding.map(({ project, domain }) => ({ project, domain }));
}
