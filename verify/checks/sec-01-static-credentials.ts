import { defineCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

/** The documented command greps names for "aws"; this read every value, and kept none. */
export const noStaticCredentials = defineCheck({
  id: "SEC-01",
  title: "No Secret or ConfigMap holds a static cloud credential",
  severity: "critical",
  claims: ["iam-no-static-credentials", "iam-no-static-credential-storage"],
  documented: ["C09"],
  fix: "Delete the object, revoke the key, and use workload identity.",
  needs: ["scanned", "iam"],
  evaluate({ scanned, iam }) {
    return [
      ...scanned.map(({ kind, namespace, name, keys, suspicious }) => {
        const subject = `${kind}/${namespace}/${name}`;
        if (suspicious.length === 0) return pass(subject, `${keys.length} values, none looks like a cloud key`);
        return fail(subject, suspicious.map(({ key, looksLike }) => `${key} looks like ${looksLike}`).join(", "));
      }),
      ...iam.users.map(({ name, accessKeys }) =>
        accessKeys > 0
          ? fail(`IAM user ${name}`, `${accessKeys} access keys`)
          : pass(`IAM user ${name}`, "no access key"),
      ),
    ];
  },
  sabotages: [
    {
      name: "a key under an innocent name, in the last object",
      apply(facts) {
        facts.scanned.push({
          kind: "Secret",
          namespace: "union",
          name: "storage-credentials",
          keys: ["token"],
          suspicious: [{ key: "token", looksLike: "an AWS access key id" }],
        });
      },
    },
  ],
});
