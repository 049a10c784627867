import type { Management } from "../../components/admission/management.ts";
import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import type { Target } from "../target.ts";
import { judgeLifecycle, lifecycle, lifecycleFacts, withoutLifecycle } from "./serving-lifecycle.ts";
import { lifecycleSabotages } from "./serving-lifecycle-sabotages.ts";

const managementOf = ({ management }: Target): Management | undefined =>
  management && { group: management.group, level: management.level };

export const vendorRunsServing = defineCheck({
  ...lifecycle,
  id: "APP-02",
  needs: [...lifecycleFacts, "cluster"],
  notApplicable: (target) => withoutLifecycle(target, "VND-01"),
  evaluate(facts, target) {
    const management = managementOf(target);
    if (!management) return [fail("management", "the target names no management role")];
    const { arn } = facts.cluster;
    const account = arn.split(":")[4];
    return [
      account === target.account
        ? pass(arn, `account ${account}`)
        : fail(arn, `account ${account}, not ${target.account}`),
      ...judgeLifecycle(management, facts, target),
    ];
  },
  sabotages: [
    {
      name: "what serves apps stands in the vendor's account",
      apply({ cluster }) {
        cluster.arn = cluster.arn.replace(/:\d{12}:/, ":999999999999:");
      },
    },
    ...lifecycleSabotages(managementOf),
  ],
});
