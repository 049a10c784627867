import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const googleBucketsSealed = defineGoogleCheck({
  id: "BKT-21",
  title: "Two buckets of the project's own: under a key, private, by IAM alone, versioned, in the chosen region",
  severity: "high",
  claims: ["buckets-two-per-cluster", "enc-at-rest-object-store", "residency-region-chosen"],
  documented: [],
  fix: "Set the bucket up by the customer stack.",
  needs: ["googleBuckets", "googleProject"],
  evaluate({ googleBuckets, googleProject }, target) {
    return [target.buckets.metadata, target.buckets.fastRegistration].map((name) => {
      const subject = `gs://${name}`;
      const bucket = googleBuckets.find((one) => one.name === name);
      if (!bucket) return fail(subject, "does not exist");
      if (bucket.projectNumber !== googleProject.number) return fail(subject, `of project ${bucket.projectNumber}`);
      if (!bucket.key) return fail(subject, "sealed under no key of the customer's");
      if (!bucket.uniformAccess) return fail(subject, "objects may have lists of their own of who reads them");
      if (bucket.publicAccess !== "enforced") return fail(subject, `public access is ${bucket.publicAccess}`);
      if (!bucket.versioned) return fail(subject, "is not versioned");
      if (bucket.location !== target.region.toUpperCase()) return fail(subject, `in ${bucket.location}`);
      return pass(subject, `under ${bucket.key}, private, versioned, ${bucket.location}`);
    });
  },
  sabotages: [
    {
      name: "the second bucket is under a key of Google's",
      apply({ googleBuckets }, target) {
        const bucket = googleBuckets.find(({ name }) => name === target.buckets.fastRegistration);
        if (!bucket) return false;
        delete bucket.key;
        return undefined;
      },
    },
    {
      name: "the last bucket may be made public",
      apply({ googleBuckets }) {
        for (const bucket of googleBuckets.slice(-1)) bucket.publicAccess = "inherited";
      },
    },
    {
      name: "objects of the first have rights of their own",
      apply({ googleBuckets }) {
        for (const bucket of googleBuckets.slice(0, 1)) bucket.uniformAccess = false;
      },
    },
    {
      name: "the first lies in several regions",
      apply({ googleBuckets }) {
        for (const bucket of googleBuckets.slice(0, 1)) bucket.location = "EU";
      },
    },
    {
      name: "the last is another project's",
      apply({ googleBuckets }) {
        for (const bucket of googleBuckets.slice(-1)) bucket.projectNumber = "999999999999";
      },
    },
  ],
});
