import { defineCheck } from "../check.ts";
import { appendixE, holderOf, ownAccounts } from "../documented/appendix-e.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { grants } from "../reason/iam-policy.ts";
import { declaredProjects, projectNamespaces, type Target } from "../target.ts";

const roleAnnotation = "eks.amazonaws.com/role-arn";

/** Both ends of the map, annotation and trust, for every account of the cluster: a row more is as wrong as one less. */
export const accountsMapToRoles = defineCheck({
  id: "IAM-08",
  title: "Accounts and cloud roles match the map of appendix E, narrowed: no row more, none less",
  severity: "high",
  claims: [],
  supersedes: { "iam-account-role-map-appendix-e": "docs/decisions/0009-narrower-than-the-appendices.md" },
  documented: ["C07", "C08"],
  fix: "Annotate and trust by the customer stack only.",
  needs: ["serviceAccounts", "iam"],
  evaluate({ serviceAccounts, iam }, target) {
    const roles = { admin: arnOf(target.roles.admin), user: arnOf(target.roles.user) };
    const wanted = rowsOf(target);
    const trusted = { admin: new Set(trustedBy(roles.admin)), user: new Set(trustedBy(roles.user)) };
    // A project on demand is trusted before its namespace is made.
    const declared = rowsOf({ ...target, projects: declaredProjects(target) });
    const known = new Set(declared.map(({ account, role }) => `${role} ${subjectOf(account)}`));
    const annotated = serviceAccounts.flatMap(({ metadata }) => {
      const arn = metadata?.annotations?.[roleAnnotation];
      return arn === roles.admin || arn === roles.user
        ? [{ account: `${metadata?.namespace}/${metadata?.name}`, arn }]
        : [];
    });
    return [
      ...wanted.map(({ account, role, row }): Finding => {
        const subject = `ServiceAccount/${account}`;
        const arn = annotated.find((one) => one.account === account)?.arn;
        if (arn === undefined || arn !== roles[role]) return fail(subject, `annotated with ${arn ?? "neither role"}`);
        if (!trusted[role].has(subjectOf(account))) return fail(subject, `${arn} does not trust it`);
        return pass(subject, `appendix E ${row}: ${arn}`);
      }),
      ...annotated
        .filter(({ account }) => !wanted.some((one) => one.account === account))
        .map(({ account, arn }) => fail(`ServiceAccount/${account}`, `annotated with ${arn}; no row says so`)),
      ...(["admin", "user"] as const).flatMap((role) =>
        [...trusted[role]]
          .filter((subject) => !known.has(`${role} ${subject}`))
          .map((subject) => fail(roles[role] ?? role, `trusts ${subject}; no row says so`)),
      ),
      ...appendixE
        .filter((row) => holderOf(row, target) === undefined)
        .map(({ documented, reason = "" }) => {
          const account = `${target.namespace}/${documented}`;
          const found = annotated.some((one) => one.account === account);
          return found ? fail(`ServiceAccount/${account}`, "holds a role") : pass(`appendix E ${documented}`, reason);
        }),
    ];

    function arnOf(name: string): string | undefined {
      return iam.roles.find((role) => role.name === name)?.arn;
    }

    function trustedBy(arn: string | undefined): string[] {
      const trust = iam.roles.find((role) => role.arn === arn)?.trust;
      return grants(trust ? [trust] : []).flatMap(({ conditions }) =>
        Object.values(conditions).flatMap((keys) =>
          Object.entries(keys).flatMap(([key, values]) => (key.endsWith(":sub") ? values : [])),
        ),
      );
    }
  },
  sabotages: [
    {
      name: "the first platform account takes the user role",
      apply(facts, target) {
        const user = facts.iam.roles.find(({ name }) => name === target.roles.user)?.arn ?? "";
        const account = facts.serviceAccounts.find(
          ({ metadata }) => metadata?.namespace === target.namespace && metadata.annotations?.[roleAnnotation],
        );
        if (!account?.metadata) return false;
        account.metadata.annotations = { [roleAnnotation]: user };
        return undefined;
      },
    },
    {
      name: "the last project's account is not trusted",
      apply(facts, target) {
        const last = `:${projectNamespaces(target).at(-1)}:`;
        const role = facts.iam.roles.find(({ name }) => name === target.roles.user);
        for (const { conditions } of role?.trust.statements ?? []) {
          for (const keys of Object.values(conditions)) {
            for (const [key, values] of Object.entries(keys)) keys[key] = values.filter((one) => !one.includes(last));
          }
        }
      },
    },
    {
      name: "an account of a foreign namespace is annotated with the user role",
      apply(facts, target) {
        const user = facts.iam.roles.find(({ name }) => name === target.roles.user)?.arn ?? "";
        facts.serviceAccounts.push({
          metadata: { namespace: "stranger", name: "default", annotations: { [roleAnnotation]: user } },
        });
      },
    },
    {
      name: "a documented account without a row here is trusted with the admin role",
      apply(facts, target) {
        const role = facts.iam.roles.find(({ name }) => name === target.roles.admin);
        for (const { conditions } of role?.trust.statements.slice(-1) ?? []) {
          for (const [key, values] of Object.entries(conditions.StringEquals ?? {})) {
            if (key.endsWith(":sub")) values.push(`system:serviceaccount:${target.namespace}:operator-system`);
          }
        }
      },
    },
  ],
});

function rowsOf(target: Target): { account: string; role: "admin" | "user"; row: string }[] {
  return [...appendixE, ...ownAccounts].flatMap((one) => {
    const { where, documented, documentedRole: role } = one;
    const account = holderOf(one, target);
    if (account === undefined) return [];
    const places = where === "platform" ? [target.namespace] : projectNamespaces(target);
    return places.map((place) => ({ account: `${place}/${account}`, role, row: documented }));
  });
}

function subjectOf(account: string): string {
  return `system:serviceaccount:${account.replace("/", ":")}`;
}
