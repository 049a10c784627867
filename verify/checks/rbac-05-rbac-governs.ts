import { defineClusterCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { allows, grantsByAccount, textOf } from "../reason/rbac/grants.ts";

/** The API server's own answers against the roles that were read: another authorizer beside RBAC would show. */
export const rbacGoverns = defineClusterCheck({
  id: "RBAC-05",
  title: "Kubernetes RBAC, and nothing beside it, decides what the plane's accounts may do",
  severity: "high",
  claims: ["k8s-rbac-service-accounts"],
  documented: ["C03"],
  fix: "Run the API server with the Node and RBAC authorizers only.",
  needs: ["accessReviews", "roles", "clusterRoles", "roleBindings", "clusterRoleBindings"],
  evaluate({ accessReviews, ...rbac }) {
    const accounts = new Map(
      accessReviews.map(({ namespace, account: name }) => [`${namespace}/${name}`, { namespace, name }]),
    );
    const grantsOf = grantsByAccount(rbac);
    return [...accounts].map(([id, account]) => {
      const rights = grantsOf(account);
      const own = accessReviews.filter((one) => one.namespace === account.namespace && one.account === account.name);
      const subject = `ServiceAccount/${id}`;
      for (const { asked, allowed, reason } of own) {
        const said = textOf({ ...asked, via: "" });
        const grant = allows(rights, asked);
        if (allowed && !grant) return fail(subject, `may ${said}, which no role says (${reason || "no reason given"})`);
        if (!allowed && grant) return fail(subject, `may not ${said}, though ${grant.via} says so`);
        if (allowed && !reason.startsWith("RBAC: ")) return fail(subject, `may ${said} by other word: ${reason}`);
      }
      const yes = own.filter(({ allowed }) => allowed);
      return pass(subject, `${own.length} questions, ${yes.length} allowed, ${yes[0]?.reason ?? "all others refused"}`);
    });
  },
  sabotages: [
    {
      name: "the API server says yes to the last question that it refused",
      apply({ accessReviews }) {
        const last = accessReviews.findLast(({ allowed }) => !allowed);
        if (last) last.allowed = true;
      },
    },
    {
      name: "another authorizer said the first yes",
      apply({ accessReviews }) {
        const first = accessReviews.find(({ allowed }) => allowed);
        if (first) first.reason = "webhook: allowed";
      },
    },
    {
      name: "a role says what the API server refuses",
      apply({ accessReviews }) {
        const last = accessReviews.findLast(({ allowed }) => allowed);
        if (last) last.allowed = false;
      },
    },
  ],
});
