import { projectNamespace } from "../../components/compute-plane/project-domain.ts";
import { defineCheck } from "../check.ts";
import type { IamRole } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { grants } from "../reason/iam-policy.ts";
import { adminAccounts, declaredProjects, projectNamespaces, type Target } from "../target.ts";

/**
 * Trust is exact: this cluster's provider, StringEquals on aud and sub, and only the accounts that need the role; of the
 * admin role each in a session of its own name, by which its rights are told from the others'.
 */
export const trustIsExact = defineCheck({
  id: "IAM-02",
  title: "Each role can be assumed by its own service accounts of this cluster, and by nobody else",
  severity: "critical",
  claims: ["lp-roles-bound-by-federation", "human-no-cloud-account", "iam-admin-assumed-by-platform", "iam-aws-irsa"],
  documented: ["C07", "C08"],
  fix: "Set the trust policy by the customer stack: StringEquals on <issuer>:sub, <issuer>:aud and sts:RoleSessionName.",
  needs: ["iam", "cluster"],
  evaluate({ iam, cluster }, target) {
    const issuer = cluster.issuer.replace(/^https:\/\//, "");
    const provider = iam.oidcProviders.find(({ url }) => url.replace(/^https:\/\//, "") === issuer);
    if (!provider) return [fail(`account ${iam.account}`, `no OIDC provider for ${cluster.issuer}`)];
    const allowed = allowedSubjects(target);
    return iam.roles
      .filter(({ name }) => name in allowed)
      .flatMap((role) => {
        const apart = role.name === target.roles.admin;
        return judgeTrust(role, { provider: provider.arn, issuer, allowed: allowed[role.name] ?? [], apart });
      });
  },
  sabotages: [
    {
      name: "the admin role's subject becomes a wildcard by StringLike",
      apply(facts, target) {
        const statement = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.trust.statements[0];
        if (!statement) return false;
        statement.conditions = { StringLike: statement.conditions.StringEquals ?? {} };
        return undefined;
      },
    },
    {
      name: "a task account may take the admin role",
      apply(facts, target) {
        const statement = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.trust.statements.at(-1);
        for (const [key, values] of Object.entries(statement?.conditions.StringEquals ?? {})) {
          if (key.endsWith(":sub")) values.push(`system:serviceaccount:${projectNamespaces(target)[0]}:default`);
        }
      },
    },
    {
      name: "the first platform account names its session as it likes",
      apply(facts, target) {
        const statement = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.trust.statements[0];
        if (!statement?.conditions.StringEquals) return false;
        const { "sts:rolesessionname": _, ...rest } = statement.conditions.StringEquals;
        statement.conditions = { ...statement.conditions, StringEquals: rest };
        return undefined;
      },
    },
    {
      name: "the last platform account takes the first one's name too",
      apply(facts, target) {
        const statements = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.trust.statements ?? [];
        const [first, last] = [statements[0], statements.at(-1)].map(
          (one) => one?.conditions.StringEquals?.["sts:rolesessionname"],
        );
        if (!first || !last || first === last) return false;
        last.push(...first);
        return undefined;
      },
    },
    {
      name: "a second statement trusts another account",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        role?.trust.statements.push({
          effect: "Allow",
          actions: ["sts:assumerole"],
          notActions: [],
          resources: [],
          notResources: [],
          principals: ["AWS:arn:aws:iam::999999999999:root"],
          conditions: {},
        });
      },
    },
    {
      name: "the audience is not asked for",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        for (const { conditions } of role?.trust.statements ?? []) {
          for (const keys of Object.values(conditions)) {
            for (const key of Object.keys(keys)) if (key.endsWith(":aud")) delete keys[key];
          }
        }
      },
    },
  ],
});

function allowedSubjects(target: Target): Record<string, string[]> {
  const subject = (namespace: string, account: string) => `system:serviceaccount:${namespace}:${account}`;
  return {
    [target.roles.admin]: adminAccounts(target).map((account) => subject(target.namespace, account)),
    [target.roles.user]: declaredProjects(target).map((project) => subject(projectNamespace(project), "default")),
  };
}

interface Trusted {
  provider: string;
  issuer: string;
  /** Subjects. */
  allowed: string[];
  /** Each in a session of its own name. */
  apart: boolean;
}

function judgeTrust(role: IamRole, { provider, issuer, allowed, apart }: Trusted): Finding[] {
  return grants([role.trust]).map((statement) => {
    const stranger = statement.principals.find((principal) => principal !== `Federated:${provider}`);
    if (stranger) return fail(role.arn, `trusts ${stranger}`);
    if (statement.actions.join() !== "sts:assumerolewithwebidentity")
      return fail(role.arn, `allows ${statement.actions}`);
    const equals = statement.conditions.StringEquals ?? {};
    const audience = equals[`${issuer}:aud`.toLowerCase()] ?? [];
    if (audience.join() !== "sts.amazonaws.com") return fail(role.arn, `audience: ${audience.join() || "any"}`);
    const subjects = equals[`${issuer}:sub`.toLowerCase()] ?? [];
    if (subjects.length === 0) return fail(role.arn, "subject: any account of the cluster");
    const foreign = subjects.filter((subject) => !allowed.includes(subject));
    if (foreign.length > 0) return fail(role.arn, `also trusts ${foreign.join(", ")}`);
    if (!apart) return pass(role.arn, `trusts exactly ${subjects.join(", ")}`);
    const sessions = equals["sts:rolesessionname"] ?? [];
    const own = subjects.map((subject) => subject.split(":").at(-1));
    return subjects.length === 1 && sessions.join() === own.join()
      ? pass(role.arn, `trusts exactly ${subjects.join(", ")}, in a session of that name`)
      : fail(role.arn, `${subjects.join(", ")} in a session named ${sessions.join(", ") || "as it likes"}`);
  });
}
