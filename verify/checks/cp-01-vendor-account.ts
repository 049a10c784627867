import { defineRegionCheck } from "../check.ts";
import type { Finding } from "../outcome.ts";
import { fail, pass } from "../outcome.ts";

export const regionInVendorAccount = defineRegionCheck({
  id: "CP-01",
  title: "Cluster, database and balancers of the region are AWS's, in the vendor's own account",
  severity: "high",
  claims: ["cp-hosted-on-aws", "cp-in-vendor-aws-account"],
  documented: [],
  fix: "Create the region's stack with the vendor's credentials, in an account that no customer uses.",
  needs: ["regionIam", "regionCluster", "regionDatabases", "regionBalancers"],
  evaluate({ regionIam, regionCluster, regionDatabases, regionBalancers }, target) {
    const { account, region, customerAccounts } = target;
    const made: [service: string, arn: string][] = [
      ["eks", regionCluster.arn],
      ...regionDatabases.map(({ arn }): [string, string] => ["rds", arn]),
      ...regionBalancers.map(({ arn }): [string, string] => ["elasticloadbalancing", arn]),
    ];
    return [
      ownAccount(regionIam.account, account, customerAccounts),
      ...made.map(([service, arn]): Finding => {
        const [prefix, , of, where, whose] = arn.split(":");
        if (prefix !== "arn" || of !== service) return fail(arn, `not the ARN of something in AWS ${service}`);
        if (whose !== account) return fail(arn, `account ${whose}, not ${account}`);
        if (where !== region) return fail(arn, `region ${where}, not ${region}`);
        return pass(arn, `account ${whose}, region ${where}`);
      }),
    ];
  },
  sabotages: [
    {
      name: "the account is a customer's",
      apply(facts, target) {
        facts.regionIam.account = target.customerAccounts.at(-1) ?? "999999999999";
      },
    },
    {
      name: "the cluster stands in another account",
      apply(facts) {
        facts.regionCluster.arn = facts.regionCluster.arn.replace(/:\d{12}:/, ":999999999999:");
      },
    },
    {
      name: "the last database stands in another region",
      apply(facts, target) {
        const last = facts.regionDatabases.at(-1);
        if (last) last.arn = last.arn.replace(`:${target.region}:`, ":eu-west-1:");
      },
    },
    {
      name: "the last balancer is somebody else's",
      apply(facts) {
        const last = facts.regionBalancers.at(-1);
        if (last) last.arn = "https://balancer.example.test";
      },
    },
  ],
});

function ownAccount(seen: string, account: string, customers: readonly string[]): Finding {
  const subject = `account ${seen}`;
  if (customers.includes(seen)) return fail(subject, "a customer's");
  if (seen !== account) return fail(subject, `read with credentials of it; the region's is ${account}`);
  return pass(subject, `the vendor's, none of the customers' ${customers.join(", ") || "(none is named)"}`);
}
