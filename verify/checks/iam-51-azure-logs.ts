import { adminIdentity, taskIdentities } from "../azure-identities.ts";
import { defineAzureCheck } from "../check.ts";
import { placeIn, subscriptionOf } from "../collect/azure/places.ts";
import { type Finding, fail } from "../outcome.ts";
import { azurePlaneFacts } from "../reason/azure/plane.ts";
import { type Asked, askAll, give, logWays, logWorkspaceId, principalOf, someone, take } from "./azure-questions.ts";

const workspaces = "Microsoft.OperationalInsights/workspaces";

export const azureLogsReach = defineAzureCheck({
  id: "IAM-51",
  title:
    "The admin's identity reads kept logs of task pods in the plane's own workspace, no other table, and tasks read none",
  severity: "high",
  claims: ["iam-admin-logs-read"],
  documented: ["C07"],
  fix: "Bring the customer's stack up again: it grants that one table.",
  needs: [...azurePlaneFacts, "azureLogs"],
  notApplicable: ({ logWorkspace }) => (logWorkspace ? undefined : "no logs are kept"),
  evaluate(facts, target): Finding[] {
    const own = logWorkspaceId(facts, target);
    if (own === undefined) return [fail(`workspace ${target.logWorkspace}`, "does not exist")];
    const admin = principalOf(facts, target, adminIdentity(target));
    if ("missing" in admin) return [admin.missing];
    const { principal } = admin;
    const tasks = taskIdentities(target).map((task) => principalOf(facts, target, task));
    const elsewhere = placeIn(target, "cluster", workspaces, `${target.clusterName}-next-door`);
    const denied = (verb: string): Asked => ({
      ...{ principal, action: `${workspaces}/${verb}`, data: false, resource: own, wanted: "deny" },
    });
    return [
      ...tasks.flatMap((task) => ("missing" in task ? [task.missing] : [])),
      ...askAll(
        facts,
        [
          ...logWays(own).map((way) => ({ ...way, principal, wanted: "allow" as const })),
          ...logWays(elsewhere).map((way) => ({ ...way, principal, wanted: "deny" as const })),
          ...["query/KubeEvents/read", "sharedKeys/action", "delete", "write"].map(denied),
          ...tasks.flatMap((task) =>
            "missing" in task
              ? []
              : logWays(own).map((way) => ({ ...way, principal: task.principal, wanted: "deny" as const })),
          ),
        ],
        target.identityGroups,
      ),
    ];
  },
  sabotages: [
    {
      name: "the workspace gives the identity nothing",
      apply: (facts, target) => take(facts, someone(facts, target, "admin"), logWorkspaceId(facts, target) ?? ""),
    },
    {
      name: "the identity reads every table of the subscription",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "admin"), subscriptionOf(target), {
          actions: [`${workspaces}/query/*/read`],
        }),
    },
    {
      name: "tasks read the table too",
      apply: (facts, target) =>
        give(facts, someone(facts, target, "task"), logWorkspaceId(facts, target) ?? "", {
          actions: [`${workspaces}/query/ContainerLogV2/read`],
        }),
    },
    {
      name: "the workspace is gone",
      apply(facts, target) {
        const own = logWorkspaceId(facts, target);
        facts.azureLogs.workspaces = facts.azureLogs.workspaces.filter(({ id }) => id !== own);
      },
    },
  ],
});
