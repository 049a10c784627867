import { defineGoogleJointCheck } from "../check.ts";
import { fail } from "../outcome.ts";
import { googlePlaneFacts, named } from "../reason/gcp/plane.ts";
import { heardSabotages, judgeHeard } from "./cls-07-availability.ts";
import { askAll } from "./google-questions.ts";

/**
 * What managing a cluster and keeping it available takes. One permission stands for every change of the cluster and its
 * pools: version, size, repair, settings.
 */
const duties = [
  "container.clusters.get",
  "container.operations.get",
  "container.operations.list",
  "compute.instances.list",
  "compute.instanceGroupManagers.list",
  "container.clusters.update",
];

export const googleVendorKeepsItAvailable = defineGoogleJointCheck({
  id: "CLS-27",
  title: "BYOC: the vendor manages the cluster and keeps it available: its account may watch, upgrade and scale it",
  severity: "high",
  claims: ["model-byoc-vendor-manages", "resp-dp-availability-byoc"],
  documented: [],
  fix: "Set the management level of the customer's base stack to full, and bring the stack up again.",
  needs: [...googlePlaneFacts, "regionClusters"],
  notApplicable({ customer: { model, management } }) {
    if (model === "self-managed")
      return "self-managed: the customer keeps the cluster available, and the vendor has no way in, as VND-21 decides";
    return management && management.level !== "full"
      ? `level ${management.level} gives no change of a cluster there, where one permission stands for all: the customer upgrades it`
      : undefined;
  },
  evaluate(facts, { customer }) {
    const { management, project, accountGroups } = customer;
    if (!management) return [fail("management", "the target names no management account")];
    if (!facts.googleAccounts.some(({ email }) => email === management.account))
      return [fail(management.account, "does not exist")];
    const principal = `serviceAccount:${management.account}`;
    const resource = named.above(`projects/${project}`);
    return [
      judgeHeard(facts, customer),
      ...askAll(
        facts,
        duties.map((permission) => ({ principal, permission, resource, wanted: "allow" as const })),
        accountGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the account's role only looks",
      apply({ googleRoles }) {
        for (const role of googleRoles)
          role.permissions = role.permissions.filter((permission) => permission !== "container.clusters.update");
      },
    },
    {
      name: "the account has no role in the project",
      apply({ googleProject }, { customer }) {
        for (const { bindings } of googleProject.policies)
          for (const binding of bindings)
            binding.members = binding.members.filter((one) => !one.endsWith(`:${customer.management?.account}`));
      },
    },
    {
      name: "the organisation denies it every change",
      apply({ googleProject }, { customer }) {
        const { account } = customer.management ?? {};
        googleProject.denyPolicies.push({
          on: googleProject.policies.at(-1)?.name ?? "",
          rules: [
            {
              deniedPrincipals: [`principal://iam.googleapis.com/projects/-/serviceAccounts/${account}`],
              ...{ exceptionPrincipals: [], exceptionPermissions: [] },
              deniedPermissions: ["container.googleapis.com/clusters.update"],
            },
          ],
        });
      },
    },
    {
      name: "the account is gone",
      apply(facts, { customer }) {
        facts.googleAccounts = facts.googleAccounts.filter(({ email }) => email !== customer.management?.account);
      },
    },
    ...heardSabotages,
  ],
});
