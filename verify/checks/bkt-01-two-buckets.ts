import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const twoPrivateBuckets = defineCheck({
  id: "BKT-01",
  title: "Two buckets: encrypted, private, versioned, in the chosen region, copied nowhere",
  severity: "high",
  claims: ["buckets-two-per-cluster", "enc-at-rest-object-store", "residency-region-chosen"],
  documented: [],
  fix: "Set the bucket up by the customer stack.",
  needs: ["buckets"],
  evaluate({ buckets }, target) {
    return [target.buckets.metadata, target.buckets.fastRegistration].map((name) => {
      const subject = `bucket ${name}`;
      const bucket = buckets.find((candidate) => candidate.name === name);
      if (!bucket) return fail(subject, "does not exist");
      if (!bucket.encryption) return fail(subject, "no default encryption");
      if (!bucket.publicAccessBlocked) return fail(subject, "public access is not blocked by all four switches");
      if (bucket.versioning !== "Enabled") return fail(subject, `versioning is ${bucket.versioning ?? "off"}`);
      if (bucket.region !== target.region) return fail(subject, `in ${bucket.region}, not ${target.region}`);
      if (bucket.replicationTargets.length > 0)
        return fail(subject, `replicates to ${bucket.replicationTargets.join(", ")}`);
      return pass(subject, `${bucket.encryption}, private, versioned, ${bucket.region}`);
    });
  },
  sabotages: [
    {
      name: "the second bucket is not encrypted",
      apply(facts, target) {
        const bucket = facts.buckets.find(({ name }) => name === target.buckets.fastRegistration);
        if (bucket) delete bucket.encryption;
      },
    },
    {
      name: "one switch against public access is off",
      apply(facts) {
        for (const bucket of facts.buckets.slice(-1)) bucket.publicAccessBlocked = false;
      },
    },
    {
      name: "objects are copied to another region",
      apply(facts) {
        for (const bucket of facts.buckets.slice(0, 1)) bucket.replicationTargets.push("arn:aws:s3:::elsewhere");
      },
    },
  ],
});
