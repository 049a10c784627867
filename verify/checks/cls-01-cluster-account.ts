import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const clusterInCustomerAccount = defineCheck({
  id: "CLS-01",
  title: "The cluster lies in the customer's account and region",
  severity: "high",
  claims: ["tenant-cluster-in-customer-account"],
  documented: [],
  fix: "Create the customer stack with the customer's own credentials.",
  needs: ["cluster", "iam"],
  evaluate({ cluster, iam }, target) {
    const [, , , region, account] = cluster.arn.split(":");
    if (account !== target.account) return [fail(cluster.arn, `account ${account}, not ${target.account}`)];
    if (iam.account !== target.account) return [fail(cluster.arn, `read with credentials of ${iam.account}`)];
    if (region !== target.region) return [fail(cluster.arn, `region ${region}, not ${target.region}`)];
    return [pass(cluster.arn, `account ${account}, region ${region}`)];
  },
  sabotages: [
    {
      name: "the cluster stands in the vendor's account",
      apply(facts) {
        facts.cluster.arn = facts.cluster.arn.replace(/:\d{12}:/, ":999999999999:");
      },
    },
  ],
});
