import { defineAzureCheck } from "../check.ts";
import type { AzureStorageFact } from "../facts-azure.ts";
import type { ProbedHost } from "../facts-probes.ts";
import { storeHost } from "../probes/store-host.ts";
import { judgeAccountTls } from "./bkt-42-azure-tls.ts";
import { accept, judgeHost } from "./tls-01-versions.ts";

/** A handshake of an old version is a finding whatever the account says: it would refuse only what comes after it. */
export const azureStoreReachedByTls = defineAzureCheck({
  id: "TLS-43",
  title: "The object store is reached by TLS 1.2 or later only: by the account's host, and by the account's own word",
  severity: "high",
  probes: true,
  claims: ["comm-client-object-store-https"],
  documented: [],
  fix: "Set secure transfer and a minimum of TLS 1.2 on the account, as the customer stack does.",
  needs: ["probedStore", "azureStorage"],
  evaluate({ probedStore, azureStorage }, target) {
    const judged = judgeHost(probedStore, storeHost(target), (found) => withWord(found, azureStorage));
    return [...judged, ...judgeAccountTls(azureStorage)];
  },
  sabotages: [
    { name: "the account's host takes TLS 1.0", apply: ({ probedStore }) => accept(probedStore.at(0), "TLSv1") },
    { name: "it takes TLS 1.1", apply: ({ probedStore }) => accept(probedStore.at(-1), "TLSv1.1") },
    {
      name: "port 80 serves, whatever the account says",
      apply({ probedStore }) {
        for (const host of probedStore) host.plain = { outcome: "answered", told: "HTTP/1.1 200 OK" };
      },
    },
    {
      name: "port 80 refuses what it was asked, and the account takes plain HTTP",
      apply({ probedStore, azureStorage }) {
        azureStorage.httpsOnly = false;
        for (const host of probedStore) host.plain = { outcome: "answered", told: "HTTP/1.1 400 Bad Request" };
      },
    },
    {
      name: "the account takes TLS 1.1",
      apply({ azureStorage }) {
        azureStorage.minimumTls = "TLS1_1";
      },
    },
    {
      name: "another host was asked",
      apply({ probedStore }) {
        for (const one of probedStore) one.host = `other.${one.host}`;
      },
    },
  ],
});

/** Port 80 answers whoever asks, of every account; with secure transfer alone it refuses every request. */
function withWord(host: ProbedHost, { httpsOnly }: AzureStorageFact): ProbedHost {
  const refuses = host.plain.outcome === "answered" && /^HTTP\/1\.[01] 4\d\d/.test(host.plain.told);
  if (!refuses || !httpsOnly) return host;
  return { ...host, plain: { outcome: "closed", told: `by the account's word (${host.plain.told})` } };
}
