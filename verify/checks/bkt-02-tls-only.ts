import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

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
      const statements = buckets.find((bucket) => bucket.name === name)?.policy?.statements ?? [];
      const deny = statements.find(
        ({ effect, conditions, actions, resources, principals }) =>
          effect === "Deny" &&
          conditions.Bool?.["aws:securetransport"]?.join() === "false" &&
          Object.keys(conditions).length === 1 &&
          actions.some((action) => action === "s3:*" || action === "*") &&
          principals.some((principal) => principal === "*" || principal === "AWS:*") &&
          resources.includes(`arn:aws:s3:::${name}/*`) &&
          resources.includes(`arn:aws:s3:::${name}`),
      );
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
  ],
});
