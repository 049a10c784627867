import { expect, it } from "vitest";
import type { ComputePlaneArgs } from "../../../components/compute-plane/args.ts";
import { ComputePlane } from "../../../components/compute-plane/compute-plane.ts";
import { recordResources } from "../../../components/testing/record-resources.ts";
import { settingsSchema } from "./settings.ts";

/** What a stack writes for the sync. */
async function planOf(more: Partial<ComputePlaneArgs>): Promise<unknown> {
  const made = await recordResources(
    () =>
      new ComputePlane("compute-plane", {
        ...{ namespace: "union", org: "acme", clusterName: "main", controlPlaneHost: "us-east-2.biplane.test" },
        image: `registry.test/biplane/services@sha256:${"a".repeat(64)}`,
        cloud: { cloud: "aws", region: "us-east-2" },
        projects: [{ project: "later", domain: "production", onDemand: true }],
        identities: { admin: "arn:admin", user: "arn:user" },
        buckets: { metadata: "m", fastRegistration: "f" },
        secrets: { backend: "kubernetes" },
        registrationToken: "registration-token-of-a-test",
        taskClient: { id: "acme-tasks", secret: "client-secret-of-a-test" },
        ...{ dnsServers: [], apiPort: 6443 },
        ...more,
      }),
  );
  const { data } = made.one("kubernetes:core/v1:ConfigMap", "compute-plane-sync-plan").inputs as {
    data: Record<string, string>;
  };
  return JSON.parse(data["plan.json"] ?? "");
}

it.each<NonNullable<ComputePlaneArgs["egress"]>>([
  "open-443",
  { cloudflareRanges: true, endpoints: ["10.40.0.0/16"] },
  { cloudflareRanges: true, endpoints: ["10.40.0.0/16"], region: ["203.0.113.0/24"] },
])("the stack tells the sync where pods may go in words that it takes: %j", async (egress) => {
  expect(settingsSchema.parse(await planOf({ egress }))).toMatchObject({ egress });
});

it("the stack tells the sync whose identities it names, on every cloud", async () => {
  expect(settingsSchema.parse(await planOf({}))).not.toHaveProperty("cloud");
  const gcp = await planOf({ cloud: { cloud: "gcp", region: "europe-west4", project: "acme-data" } });
  expect(settingsSchema.parse(gcp)).toMatchObject({ cloud: "gcp" });
});
