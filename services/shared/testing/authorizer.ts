/** For tests of services: the token's role holds in the whole organisation, as for an application of that role. */
import type { Authorizer } from "../auth/authorizer.ts";
import { builtinRoles, everywhere, isBuiltin, taskPermissions } from "../auth/permissions.ts";

export const byRole: Authorizer = async ({ role }) => {
  if (role === "task") return { grants: [{ permissions: taskPermissions, ...everywhere }] };
  return { grants: isBuiltin(role) ? [{ permissions: builtinRoles[role], ...everywhere }] : [] };
};
