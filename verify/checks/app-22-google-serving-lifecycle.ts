import type { Management } from "../../components/admission/management.ts";
import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import type { GoogleTarget } from "../target.ts";
import { judgeLifecycle, lifecycle, lifecycleFacts, withoutLifecycle } from "./serving-lifecycle.ts";
import { lifecycleSabotages } from "./serving-lifecycle-sabotages.ts";

const managementOf = ({ management }: GoogleTarget): Management | undefined =>
  management && { user: management.account, level: management.level };

export const googleVendorRunsServing = defineGoogleCheck({
  ...lifecycle,
  id: "APP-22",
  needs: [...lifecycleFacts, "googleCluster"],
  notApplicable: (target) => withoutLifecycle(target, "VND-21"),
  evaluate(facts, target) {
    const management = managementOf(target);
    if (!management) return [fail("management", "the target names no management account")];
    const { name } = facts.googleCluster;
    const wanted = `projects/${target.project}/locations/${target.region}/clusters/${target.clusterName}`;
    return [
      name === wanted ? pass(name, `project ${target.project}`) : fail(name, `is not ${wanted}`),
      ...judgeLifecycle(management, facts, target),
    ];
  },
  sabotages: [
    {
      name: "what serves apps stands in the vendor's project",
      apply({ googleCluster }) {
        googleCluster.name = googleCluster.name.replace(/^projects\/[^/]+/, "projects/vendor-ops");
      },
    },
    ...lifecycleSabotages(managementOf),
  ],
});
