import { expect, it } from "vitest";
import { podTokens } from "./pod-tokens.ts";

const pod = (name: string, more: { hostNetwork?: boolean; phase?: string } = {}) => ({
  metadata: { name, namespace: "demo-development", uid: `uid-${name}` },
  spec: { serviceAccountName: "default", ...(more.hostNetwork ? { hostNetwork: true } : {}) },
  status: { phase: more.phase ?? "Running" },
});

function cluster(listed: object[][], annotations: Record<string, string> = {}) {
  const answers = [...listed];
  return podTokens(
    async (_, path) => {
      if (path.startsWith("/api/v1/pods?")) return { items: answers.length > 1 ? answers.shift() : answers[0] };
      return { metadata: { annotations } };
    },
    "https://google.test",
    "acme-data.svc.id.goog",
  );
}

it("knows the one pod of an address, with the account that its service account names", async () => {
  const email = "userflyterole@acme-data.iam.gserviceaccount.com";
  const asked = cluster([[pod("old", { phase: "Succeeded" }), pod("node", { hostNetwork: true }), pod("new")]], {
    "iam.gke.io/gcp-service-account": email,
  });
  expect(await asked.podAt("10.93.0.7")).toEqual({
    ...{ name: "new", uid: "uid-new", namespace: "demo-development", serviceAccount: "default", account: email },
  });
});

it("waits for an address that the kubelet has not told yet", async () => {
  expect(await cluster([[], [pod("new")]]).podAt("10.93.0.7")).toMatchObject({ name: "new" });
});
