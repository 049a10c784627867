import { defineCheck } from "../check.ts";
import { componentLabel, components, takesAdminRole } from "../documented/components.ts";
import { subjectOf } from "../facts.ts";
import { fail, pass } from "../outcome.ts";
import { grants } from "../reason/iam-policy.ts";

const roleAnnotation = "eks.amazonaws.com/role-arn";

/** Pod → account → annotation → role → trust, and back: nothing else in the cluster names the role. */
export const adminUsedByThree = defineCheck({
  id: "IAM-07",
  title:
    "The admin role is used by Executor, Object Store Service, Log Provider and, with secrets in the cloud, their service",
  severity: "high",
  claims: ["iam-admin-used-by"],
  documented: ["C07", "C08"],
  fix: "Give the role to the component's own account by the customer stack, and take it from everything else.",
  needs: ["pods", "serviceAccounts", "iam"],
  evaluate({ pods, serviceAccounts, iam }, target) {
    const role = iam.roles.find(({ name }) => name === target.roles.admin);
    if (!role) return [fail(`role ${target.roles.admin}`, "does not exist")];
    const subjects = grants([role.trust]).flatMap(({ conditions }) =>
      Object.entries(conditions.StringEquals ?? {}).flatMap(([key, values]) => (key.endsWith(":sub") ? values : [])),
    );
    const names = ({ metadata }: { metadata?: { namespace?: string; name?: string } }) =>
      `${metadata?.namespace}/${metadata?.name}`;
    const annotated = serviceAccounts
      .filter(({ metadata }) => metadata?.annotations?.[roleAnnotation] === role.arn)
      .map(names);
    const users = pods.filter(({ metadata, spec }) =>
      annotated.includes(`${metadata?.namespace}/${spec?.serviceAccountName ?? "default"}`),
    );
    const wanted = components.filter((component) => takesAdminRole(component, target));
    const isWanted = ({ metadata }: { metadata?: { namespace?: string; labels?: Record<string, string> } }) =>
      metadata?.namespace === target.namespace && wanted.some(({ name }) => name === metadata.labels?.[componentLabel]);
    return [
      ...wanted.map(({ documented, name, serviceAccount }) => {
        const subject = `${documented} (${name})`;
        const own = users.filter((pod) => isWanted(pod) && pod.metadata?.labels?.[componentLabel] === name);
        if (own.length === 0) return fail(subject, `no pod of it runs as an account annotated with ${role.arn}`);
        const other = own.find(({ spec }) => spec?.serviceAccountName !== serviceAccount);
        if (other) return fail(subjectOf("Pod", other), `runs as ${other.spec?.serviceAccountName}`);
        const trusted = `system:serviceaccount:${target.namespace}:${serviceAccount}`;
        if (!subjects.includes(trusted)) return fail(subject, `the role's trust does not name ${trusted}`);
        return pass(subject, `${own.length} pods → ${serviceAccount} → ${role.arn} → trusts ${trusted}`);
      }),
      ...users.filter((pod) => !isWanted(pod)).map((pod) => fail(subjectOf("Pod", pod), `uses ${role.arn}`)),
      ...annotated
        .filter((account) => !wanted.some(({ serviceAccount }) => account === `${target.namespace}/${serviceAccount}`))
        .map((account) => fail(`ServiceAccount/${account}`, `is annotated with ${role.arn}`)),
    ];
  },
  sabotages: [
    {
      name: "the trust forgets the last component's account",
      apply(facts, target) {
        const last = components.findLast((component) => takesAdminRole(component, target));
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        for (const { conditions } of role?.trust.statements ?? []) {
          for (const [key, values] of Object.entries(conditions.StringEquals ?? {})) {
            if (!key.endsWith(":sub")) continue;
            conditions.StringEquals = {
              ...conditions.StringEquals,
              [key]: values.filter((value) => !value.endsWith(`:${last?.serviceAccount}`)),
            };
          }
        }
      },
    },
    {
      name: "the tunnel's account is annotated with the admin role too",
      apply(facts, target) {
        const arn = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.arn ?? "";
        const account = facts.serviceAccounts.find(({ metadata }) => metadata?.name === "tunnel-system");
        if (!account?.metadata) return false;
        account.metadata.annotations = { [roleAnnotation]: arn };
        return undefined;
      },
    },
    {
      name: "the first component runs as another account",
      apply(facts) {
        for (const { metadata, spec } of facts.pods) {
          if (metadata?.labels?.[componentLabel] === components[0]?.name && spec) spec.serviceAccountName = "default";
        }
      },
    },
    {
      name: "a pod of a foreign namespace uses the role",
      apply(facts, target) {
        const arn = facts.iam.roles.find(({ name }) => name === target.roles.admin)?.arn ?? "";
        facts.serviceAccounts.push({
          metadata: { namespace: "stranger", name: "a", annotations: { [roleAnnotation]: arn } },
        });
        facts.pods.push({
          metadata: { namespace: "stranger", name: "p" },
          spec: { serviceAccountName: "a", containers: [] },
        });
      },
    },
  ],
});
