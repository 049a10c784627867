import { defineAzureCheck } from "../check.ts";
import type { AzureStorageFact } from "../facts-azure.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** An account answers HTTP with a refusal, or it does not: no rule of a bucket's is needed. */
export const azureStoreByTls = defineAzureCheck({
  id: "BKT-42",
  title: "The storage account refuses requests without TLS, and TLS below 1.2",
  severity: "high",
  claims: ["comm-taskpod-object-store-tls"],
  documented: [],
  fix: "Set secure transfer and a minimum of TLS 1.2 on the account, as the customer stack does.",
  needs: ["azureStorage"],
  evaluate: ({ azureStorage }) => judgeAccountTls(azureStorage),
  sabotages: [
    {
      name: "plain HTTP is taken",
      apply({ azureStorage }) {
        azureStorage.httpsOnly = false;
      },
    },
    {
      name: "TLS 1.0 is taken",
      apply({ azureStorage }) {
        azureStorage.minimumTls = "TLS1_0";
      },
    },
  ],
});

/** By the account's own word. */
export function judgeAccountTls({ id, httpsOnly, minimumTls }: AzureStorageFact): Finding[] {
  if (!httpsOnly) return [fail(id, "takes plain HTTP")];
  return [
    /^TLS1_[23]$/.test(minimumTls) ? pass(id, `HTTPS only, ${minimumTls} at least`) : fail(id, `takes ${minimumTls}`),
  ];
}
