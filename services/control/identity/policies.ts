/** The tables of roles, policies, bindings and assignments: every statement about them but the look-up of grants. */
import type { Place } from "../../shared/auth/permissions.ts";
import { isBuiltin } from "../../shared/auth/permissions.ts";
import type { Database, Transaction } from "../../shared/postgres.ts";
import type { NewAssignment, NewPolicy, NewRole, PolicyChange } from "./policy-documents.ts";

export interface StoredRole {
  name: string;
  description: string;
  permissions: string[];
}

export interface StoredPolicy extends NewPolicy {
  users: string[];
  applications: string[];
}

export type Applied = "applied" | { missing: "role" | "policy" | "application"; name: string; in: string };

export interface PolicyStore {
  apply(org: string, change: PolicyChange): Promise<Applied>;
  read(org: string): Promise<{ roles: StoredRole[]; policies: StoredPolicy[] }>;
  /** @returns the policies that still bind it. */
  deleteRole(org: string, name: string): Promise<"deleted" | "not-found" | { boundBy: string[] }>;
  deletePolicy(org: string, name: string): Promise<"deleted" | "not-found" | "assigned">;
}

/** Thrown out of the transaction, so that nothing of a change that refers to nothing stays. */
class Missing extends Error {
  readonly what: Exclude<Applied, "applied">;
  constructor(what: Exclude<Applied, "applied">) {
    super("a document refers to what does not exist");
    this.what = what;
  }
}

export function policyStore(database: Database): PolicyStore {
  // Changes of one organisation come one after the other: each looks at what the others refer to.
  const changing = (org: string) => ({ exclusive: [`policies of ${org}`] });
  return {
    async apply(org, { roles, policies, assignments }) {
      const work = async (transaction: Transaction): Promise<Applied> => {
        for (const role of roles) await putRole(transaction, org, role);
        for (const policy of policies) await putPolicy(transaction, org, policy);
        for (const assignment of assignments) await putAssignment(transaction, org, assignment);
        return "applied";
      };
      try {
        return await database.withOrg(org, work, changing(org));
      } catch (error) {
        if (error instanceof Missing) return error.what;
        throw error;
      }
    },
    read: (org) => database.withOrg(org, (transaction) => readAll(transaction, org)),
    deleteRole: (org, name) =>
      database.withOrg(
        org,
        async (transaction) => {
          const bound = await transaction.query<{ policy: string }>(
            "select distinct policy from biplane.bindings where org = $1 and role = $2 order by policy",
            [org, name],
          );
          if (bound.length > 0) return { boundBy: bound.map(({ policy }) => policy) };
          const gone = await transaction.query("delete from biplane.roles where org = $1 and name = $2 returning 1", [
            org,
            name,
          ]);
          return gone.length === 1 ? "deleted" : "not-found";
        },
        changing(org),
      ),
    deletePolicy: (org, name) =>
      database.withOrg(
        org,
        async (transaction) => {
          const assigned = await transaction.query(
            "select 1 from biplane.assignments where org = $1 and policy = $2 limit 1",
            [org, name],
          );
          if (assigned.length > 0) return "assigned";
          const gone = await transaction.query(
            "delete from biplane.policies where org = $1 and name = $2 returning 1",
            [org, name],
          );
          return gone.length === 1 ? "deleted" : "not-found";
        },
        changing(org),
      ),
  };
}

async function putRole(transaction: Transaction, org: string, { name, description, permissions }: NewRole) {
  await transaction.query(
    `insert into biplane.roles (org, name, description, permissions) values ($1, $2, $3, $4)
     on conflict (org, name) do update
     set description = excluded.description, permissions = excluded.permissions, changed_at = now()`,
    [org, name, description, permissions],
  );
}

async function putPolicy(transaction: Transaction, org: string, { name, description, bindings }: NewPolicy) {
  await transaction.query(
    `insert into biplane.policies (org, name, description) values ($1, $2, $3)
     on conflict (org, name) do update set description = excluded.description, changed_at = now()`,
    [org, name, description],
  );
  await transaction.query("delete from biplane.bindings where org = $1 and policy = $2", [org, name]);
  for (const [position, { role, project, domain }] of bindings.entries()) {
    if (!isBuiltin(role)) {
      await requireRow(transaction, "select 1 from biplane.roles where org = $1 and name = $2", [org, role], {
        missing: "role",
        name: role,
        in: `policy ${name}`,
      });
    }
    await transaction.query(
      "insert into biplane.bindings (org, policy, position, role, project, domain) values ($1, $2, $3, $4, $5, $6)",
      [org, name, position, role, project, domain],
    );
  }
}

async function putAssignment(transaction: Transaction, org: string, { policy, users, applications }: NewAssignment) {
  const within = `assignment of ${policy}`;
  if (!isBuiltin(policy)) {
    await requireRow(transaction, "select 1 from biplane.policies where org = $1 and name = $2", [org, policy], {
      missing: "policy",
      name: policy,
      in: within,
    });
  }
  await transaction.query("delete from biplane.assignments where org = $1 and policy = $2", [org, policy]);
  for (const clientId of applications) {
    const text = "select 1 from biplane.applications where org = $1 and client_id = $2";
    await requireRow(transaction, text, [org, clientId], { missing: "application", name: clientId, in: within });
  }
  const all = [
    ...users.map((subject) => ["user", subject]),
    ...applications.map((subject) => ["application", subject]),
  ];
  for (const [kind, subject] of all) {
    await transaction.query("insert into biplane.assignments (org, kind, subject, policy) values ($1, $2, $3, $4)", [
      org,
      kind,
      subject,
      policy,
    ]);
  }
}

async function requireRow(transaction: Transaction, text: string, values: string[], missing: Missing["what"]) {
  if ((await transaction.query(text, values)).length === 0) throw new Missing(missing);
}

async function readAll(transaction: Transaction, org: string) {
  const roles = await transaction.query<StoredRole>(
    "select name, description, permissions from biplane.roles where org = $1 order by name",
    [org],
  );
  const policies = await transaction.query<{ name: string; description: string }>(
    "select name, description from biplane.policies where org = $1 order by name",
    [org],
  );
  const bindings = await transaction.query<Place & { policy: string; role: string }>(
    "select policy, role, project, domain from biplane.bindings where org = $1 order by policy, position",
    [org],
  );
  const assignments = await transaction.query<{ policy: string; kind: string; subject: string }>(
    "select policy, kind, subject from biplane.assignments where org = $1 order by policy, kind, subject",
    [org],
  );
  const assignees = (policy: string, kind: string) =>
    assignments.filter((one) => one.policy === policy && one.kind === kind).map(({ subject }) => subject);
  const whole = (name: string, description: string): StoredPolicy => ({
    name,
    description,
    bindings: bindings
      .filter(({ policy }) => policy === name)
      .map(({ role, project, domain }) => ({ role, project, domain })),
    users: assignees(name, "user"),
    applications: assignees(name, "application"),
  });
  const builtin = [...new Set(assignments.map(({ policy }) => policy))].filter(isBuiltin);
  return {
    roles,
    policies: [
      ...builtin.map((name) => whole(name, "")),
      ...policies.map(({ name, description }) => whole(name, description)),
    ],
  };
}
