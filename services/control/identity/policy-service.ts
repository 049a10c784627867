/** PolicyService: the caller's organisation's own roles, policies and assignments, beside those that are built in. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { PolicySchema, PolicyService, RoleSchema } from "../../../gen/biplane/policy/v1/policy_pb.js";
import { callerOf } from "../../shared/auth/caller.ts";
import { builtinRoles } from "../../shared/auth/permissions.ts";
import { invalid, notFound, precondition } from "../../shared/errors.ts";
import type { PolicyStore, StoredPolicy, StoredRole } from "./policies.ts";
import { readDocuments } from "./policy-documents.ts";

type RoleView = MessageInitShape<typeof RoleSchema>;
type PolicyView = MessageInitShape<typeof PolicySchema>;

export function policyService(store: PolicyStore): ServiceImpl<typeof PolicyService> {
  return {
    async apply({ documents }, context) {
      const { org } = callerOf(context);
      const outcome = await store.apply(org, readDocuments(documents));
      if (outcome === "applied") return {};
      const { missing, name, in: within } = outcome;
      throw precondition(`${within} names the ${missing} ${name}, which does not exist; nothing was applied`);
    },
    async get({ named }, context) {
      if (!named.case) throw invalid({ subject: "named", allowed: "a policy or a role" });
      const all = viewsOf(await store.read(callerOf(context).org));
      const role = named.case === "role" && all.roles.find(({ name }) => name === named.value);
      if (role) return { found: { case: "role", value: role } };
      const policy = named.case === "policy" && all.policies.find(({ name }) => name === named.value);
      if (policy) return { found: { case: "policy", value: policy } };
      throw notFound(`the ${named.case} ${JSON.stringify(named.value.slice(0, 80))}`);
    },
    async list(_request, context) {
      return viewsOf(await store.read(callerOf(context).org));
    },
    async delete({ named }, context) {
      const { org } = callerOf(context);
      if (!named.case) throw invalid({ subject: "named", allowed: "a policy or a role" });
      const missing = () => notFound(`the ${named.case} ${JSON.stringify(named.value?.slice(0, 80))}`);
      if (named.case === "role") {
        const outcome = await store.deleteRole(org, named.value);
        if (outcome === "not-found") throw missing();
        if (outcome !== "deleted") throw precondition(`these policies bind the role: ${outcome.boundBy.join(", ")}`);
        return {};
      }
      const outcome = await store.deletePolicy(org, named.value);
      if (outcome === "not-found") throw missing();
      if (outcome === "assigned") throw precondition("the policy is assigned; apply its assignment to nobody first");
      return {};
    },
  };
}

function viewsOf({ roles, policies }: { roles: StoredRole[]; policies: StoredPolicy[] }) {
  const builtin = Object.keys(builtinRoles);
  const assigned = new Map(policies.map((policy) => [policy.name, policy]));
  return {
    roles: [
      ...Object.entries(builtinRoles).map(
        ([name, actions]): RoleView => ({ name, actions: [...actions], builtin: true }),
      ),
      ...roles.map(({ name, description, permissions }): RoleView => ({ name, description, actions: permissions })),
    ],
    policies: [
      ...builtin.map((name) =>
        policyView({ ...nobody, ...assigned.get(name), name, bindings: [everywhere(name)] }, true),
      ),
      ...policies.filter(({ name }) => !builtin.includes(name)).map((policy) => policyView(policy, false)),
    ],
  };
}

const nobody = { description: "", users: [], applications: [] };
const everywhere = (role: string) => ({ role, project: "", domain: "" });

function policyView({ name, description, bindings, users, applications }: StoredPolicy, builtin: boolean): PolicyView {
  return { name, description, bindings, builtin, assignees: { users, applications } };
}
