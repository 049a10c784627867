import { defineGoogleCheck } from "../check.ts";
import { fail, pass } from "../outcome.ts";

export const noGoogleKeys = defineGoogleCheck({
  id: "SEC-04",
  title: "No service account of the project has a key that somebody made, and no Secret or ConfigMap holds one",
  severity: "critical",
  claims: ["iam-no-static-credentials", "iam-no-static-credential-storage", "iam-no-credentials-created-or-rotated"],
  documented: ["C09"],
  fix: "Delete the key, and let the pod take the account by Workload Identity.",
  needs: ["googleAccounts", "scanned"],
  evaluate({ googleAccounts, scanned }) {
    return [
      ...googleAccounts.map(({ email, userKeys }) =>
        userKeys.length > 0
          ? fail(email, `${userKeys.length} keys that can leave the project: ${userKeys.join(", ")}`)
          : pass(email, "no key but Google's own"),
      ),
      ...scanned.map(({ kind, namespace, name, keys, suspicious }) => {
        const subject = `${kind}/${namespace}/${name}`;
        if (suspicious.length === 0) return pass(subject, `${keys.length} values, none looks like a cloud key`);
        return fail(subject, suspicious.map(({ key, looksLike }) => `${key} looks like ${looksLike}`).join(", "));
      }),
    ];
  },
  sabotages: [
    {
      name: "the last account is given a key",
      apply({ googleAccounts }) {
        googleAccounts.at(-1)?.userKeys.push("projects/acme-data/serviceAccounts/x/keys/k");
      },
    },
    {
      name: "a key lies in a Secret under an innocent name",
      apply({ scanned }) {
        const suspicious = [{ key: "config", looksLike: "a private key" }];
        scanned.push({ kind: "Secret", namespace: "union", name: "settings", keys: ["config"], suspicious });
      },
    },
  ],
});
