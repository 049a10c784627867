import { secretPrefix } from "../../components/secrets/names.ts";
import { defineCheck } from "../check.ts";
import type { StoresFact } from "../facts-account.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import type { Target } from "../target.ts";

/** Every place where customer data rests or runs, and everything that copies it. */
export const dataStaysInPlace = defineCheck({
  id: "RES-01",
  title:
    "Cluster, buckets, registry, secrets and logs lie in the customer's account and region, and nothing copies them",
  severity: "critical",
  claims: ["residency-data-in-dp-only"],
  documented: [],
  fix: "Remove the copy or the foreign store; the customer stack makes each in one account and region.",
  needs: ["cluster", "buckets", "repositories", "stores"],
  evaluate({ cluster, buckets, repositories, stores }, target) {
    const inPlace = (arn: string, what: string): Finding => {
      const [, , , region, account] = arn.split(":");
      if (account !== target.account) return fail(arn, `${what} of account ${account}`);
      return region === target.region
        ? pass(arn, `${what}, own account and region`)
        : fail(arn, `${what} in ${region}`);
    };
    const own = [target.buckets.metadata, target.buckets.fastRegistration];
    return [
      inPlace(cluster.arn, "cluster"),
      ...own.map((name): Finding => {
        const bucket = buckets.find((one) => one.name === name);
        const subject = `bucket ${name}`;
        if (!bucket) return fail(subject, "does not exist");
        if (!stores.ownBuckets.includes(name)) return fail(subject, "is none of the account's own buckets");
        if (bucket.region !== target.region) return fail(subject, `in ${bucket.region}`);
        if (bucket.replicationTargets.length > 0)
          return fail(subject, `copied to ${bucket.replicationTargets.join(", ")}`);
        return pass(subject, "own account and region, copied nowhere");
      }),
      ...repositories
        .filter(({ name }) => name === target.repository)
        .map(({ arn }) => inPlace(arn, "image repository")),
      ...stores.imageCopies
        .filter(
          ({ prefixes }) => prefixes.length === 0 || prefixes.some((prefix) => target.repository.startsWith(prefix)),
        )
        .map(({ to }) => fail(`registry of ${target.account}`, `images are copied to ${to}`)),
      ...stores.secrets
        .filter(({ name }) => name.startsWith(secretPrefix(target.org)))
        .map(({ arn, copies }) =>
          copies.length > 0 ? fail(arn, `copied to ${copies.join(", ")}`) : inPlace(arn, "secret"),
        ),
      ...ourLogGroups(stores, target).map(({ arn, destinations }) => {
        const foreign = destinations.find(
          (to) => to.split(":")[4] !== target.account || to.split(":")[3] !== target.region,
        );
        return foreign === undefined ? inPlace(arn, "log group") : fail(arn, `sent to ${foreign}`);
      }),
    ];
  },
  sabotages: [
    {
      name: "the second bucket belongs to somebody else",
      apply(facts, target) {
        facts.stores.ownBuckets = facts.stores.ownBuckets.filter((name) => name !== target.buckets.fastRegistration);
      },
    },
    {
      name: "the first bucket lies in another region",
      apply(facts) {
        for (const bucket of facts.buckets.slice(0, 1)) bucket.region = "eu-west-1";
      },
    },
    {
      name: "the repository is the vendor's",
      apply(facts, target) {
        const last = facts.repositories.findLast(({ name }) => name === target.repository);
        if (last) last.arn = last.arn.replace(/:\d{12}:/, ":999999999999:");
      },
    },
    {
      name: "images are copied to another account",
      apply(facts) {
        facts.stores.imageCopies.push({ to: "999999999999/us-east-2", prefixes: [] });
      },
    },
    {
      name: "the last log group is sent to another account",
      apply(facts, target) {
        ourLogGroups(facts.stores, target)
          .at(-1)
          ?.destinations.push("arn:aws:kinesis:us-east-2:999999999999:stream/logs");
      },
    },
    {
      name: "a secret is copied to another region",
      apply(facts, target) {
        const name = `${secretPrefix(target.org)}_/_/x`;
        const arn = `arn:aws:secretsmanager:${target.region}:${target.account}:secret:${name}`;
        facts.stores.secrets.push({ name, arn, copies: ["eu-west-1"] });
      },
    },
  ],
});

/** Groups that are named after the cluster or the organisation; an account may hold others. */
function ourLogGroups({ logGroups }: StoresFact, { clusterName, org }: Target): StoresFact["logGroups"] {
  return logGroups.filter(({ name }) => name.includes(clusterName) || name.split("/").includes(org));
}
