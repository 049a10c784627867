import type { Management } from "../../components/admission/management.ts";
import { defineAzureCheck } from "../check.ts";
import { clusterId, sameId } from "../collect/azure/places.ts";
import { fail, pass } from "../outcome.ts";
import type { AzureTarget } from "../target.ts";
import { judgeLifecycle, lifecycle, lifecycleFacts, withoutLifecycle } from "./serving-lifecycle.ts";
import { lifecycleSabotages } from "./serving-lifecycle-sabotages.ts";

const managementOf = ({ management }: AzureTarget): Management | undefined =>
  management && { user: management.principalId, level: management.level };

export const azureVendorRunsServing = defineAzureCheck({
  ...lifecycle,
  id: "APP-42",
  needs: [...lifecycleFacts, "azureCluster"],
  notApplicable: (target) => withoutLifecycle(target, "VND-41"),
  evaluate(facts, target) {
    const management = managementOf(target);
    if (!management) return [fail("management", "the target names no management identity")];
    const { id } = facts.azureCluster;
    const wanted = clusterId(target);
    return [
      sameId(id, wanted) ? pass(id, `subscription ${target.subscription}`) : fail(id, `is not ${wanted}`),
      ...judgeLifecycle(management, facts, target),
    ];
  },
  sabotages: [
    {
      name: "what serves apps stands in the vendor's subscription",
      apply({ azureCluster }) {
        azureCluster.id = azureCluster.id.replace(/^\/subscriptions\/[^/]+/, "/subscriptions/vendor");
      },
    },
    ...lifecycleSabotages(managementOf),
  ],
});
