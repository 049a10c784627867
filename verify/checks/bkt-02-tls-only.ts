import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";
import { refusesPlainHttp } from "../reason/tls-only.ts";

export const bucketsRefusePlainHttp = defineCheck({
  id: "BKT-02",
  title: "Both buckets refuse requests without TLS",
  severity: "high",
  claims: ["comm-taskpod-object-store-tls"],
  documented: [],
  fix: "Deny s3:* on the bucket and its objects where aws:SecureTransport is false.",
  needs: ["buckets"],
  evaluate({ buckets }, target) {
    return [target.buckets.metadata, target.buckets.fastRegistration].map((name) => {
      const deny = refusesPlainHttp(name, buckets.find((bucket) => bucket.name === name)?.policy);
      return deny ? pass(`bucket ${name}`, "denied without TLS") : fail(`bucket ${name}`, "no such Deny in its policy");
    });
  },
  sabotages: [
    {
      name: "the second bucket's Deny covers the bucket and not its objects",
      apply(facts, target) {
        const bucket = facts.buckets.find(({ name }) => name === target.buckets.fastRegistration);
        for (const statement of bucket?.policy?.statements ?? []) {
          statement.resources = statement.resources.filter((resource) => !resource.endsWith("/*"));
        }
      },
    },
    {
      name: "the first bucket's Deny is for those alone who come by a service",
      apply({ buckets }, target) {
        const bucket = buckets.find(({ name }) => name === target.buckets.metadata);
        for (const { conditions } of bucket?.policy?.statements ?? [])
          if (conditions.Bool?.["aws:securetransport"])
            conditions.Bool = { ...conditions.Bool, "aws:viaawsservice": ["true"] };
      },
    },
  ],
});
