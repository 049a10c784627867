import { expect, it } from "vitest";
import type { Reads } from "./client.ts";
import { readAzureCluster } from "./cluster.ts";

const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/main";

async function encryptionOf(advancedNetworking: object | undefined | null) {
  const versions = new Set<string>();
  const properties = { nodeResourceGroup: "nodes", networkProfile: { networkDataplane: "cilium", advancedNetworking } };
  const reads = {
    async one(path: string, version: string, schema: { parse(value: unknown): unknown }) {
      if (path === id) versions.add(version);
      return schema.parse({ id, location: "westeurope", properties });
    },
    all: async () => [],
  } as unknown as Reads;
  const { nodeEncryption } = await readAzureCluster(reads, "/subscriptions/s", id);
  return { nodeEncryption, versions: [...versions] };
}
const wireGuard = { type: "WireGuard" };

it.each([
  ["WireGuard", { enabled: true, security: { enabled: true, transitEncryption: wireGuard } }],
  ["WireGuard", { enabled: true, security: { enabled: null, transitEncryption: wireGuard } }],
  ["None", { enabled: true, security: { enabled: false, transitEncryption: wireGuard } }],
  ["None", { enabled: false, security: { enabled: true, transitEncryption: wireGuard } }],
  ["None", { security: { transitEncryption: wireGuard } }],
  ["None", { enabled: true, security: { enabled: true } }],
  ["None", { enabled: true, security: { enabled: true, transitEncryption: { type: null } } }],
  ["mTLS", { enabled: true, security: { enabled: true, transitEncryption: { type: "mTLS" } } }],
  ["None", null],
  ["None", undefined],
])("encryption between nodes is %s by %j", async (told, advancedNetworking) => {
  expect((await encryptionOf(advancedNetworking)).nodeEncryption).toBe(told);
});

it("is asked for by a version of the API that tells of it", async () => {
  expect((await encryptionOf(undefined)).versions.every((version) => version >= "2026-02-01")).toBe(true);
});
