import { describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import type { ComputePlaneArgs } from "./args.ts";
import { ComputePlane } from "./compute-plane.ts";

const admin = "adminflyterole@acme-data.iam.gserviceaccount.com";
const user = "userflyterole@acme-data.iam.gserviceaccount.com";
const view = "projects/acme-data/locations/europe-west4/buckets/tasks/views/tasks";
const keyName = "projects/acme-data/locations/europe-west4/keyRings/main/cryptoKeys/secrets";

const build = (more: Partial<ComputePlaneArgs> = {}) =>
  recordResources(
    () =>
      new ComputePlane("compute-plane", {
        namespace: "union",
        image: `registry.test/biplane/services@sha256:${"a".repeat(64)}`,
        org: "acme",
        clusterName: "main",
        cloud: { cloud: "gcp", region: "europe-west4", project: "acme-data" },
        controlPlaneHost: "us-east-2.biplane.test",
        projects: [
          { project: "demo", domain: "development" },
          { project: "later", domain: "production", onDemand: true },
        ],
        identities: { admin, user },
        buckets: { metadata: "m", fastRegistration: "f" },
        secrets: {
          ...{ backend: "gcp-secret-manager" as const, prefix: "union_acme_" },
          ...{ project: "acme-data", region: "europe-west4", keyName },
        },
        logs: { view },
        registrationToken: "registration-token-of-a-test",
        taskClient: { id: "acme-tasks", secret: "client-secret-of-a-test" },
        dnsServers: [],
        apiPort: 443,
        ...more,
      }),
  );
const kind = ({ all }: Recorded, name: string) => all.filter(({ type }) => type.endsWith(`:${name}`));
const text = (value: unknown) => JSON.stringify(value);

function environment(made: Recorded, service: string): Record<string, string> {
  const { inputs } = made.one("kubernetes:apps/v1:Deployment", `compute-plane-${service}`);
  const { spec } = (inputs.spec as { template: { spec: { containers: { env: { name: string; value: string }[] }[] } } })
    .template;
  return Object.fromEntries((spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

describe("a compute plane on Google Cloud", () => {
  it("names service accounts by Google's annotation, and nothing of AWS anywhere", async () => {
    const made = await build();
    const annotated = kind(made, "ServiceAccount").flatMap(({ inputs }) => {
      const { name, annotations } = inputs.metadata as { name: string; annotations?: Record<string, string> };
      return annotations ? [[name, annotations]] : [];
    });
    const named = (email: string) => ({ "iam.gke.io/gcp-service-account": email });
    expect(Object.fromEntries(annotated)).toEqual({
      ...{ executor: named(admin), "proxy-system": named(admin), "log-provider": named(admin), secrets: named(admin) },
      default: named(user),
    });
    expect(text(made.all)).not.toContain("eks.amazonaws.com");
    expect(text(kind(made, "Deployment"))).not.toContain("AWS_");
  });

  it("tells the services project, signer, view and key by the names that they read", async () => {
    const made = await build();
    expect(environment(made, "objectstore")).toMatchObject({
      ...{ CLOUD: "gcp", GCP_PROJECT: "acme-data", SIGNER_ACCOUNT: admin, METADATA_BUCKET: "m" },
    });
    expect(environment(made, "logs")).toMatchObject({ CLOUD: "gcp", LOG_VIEW: view });
    expect(environment(made, "secrets")).toMatchObject({
      ...{ SECRET_BACKEND: "gcp-secret-manager", GCP_PROJECT: "acme-data", GCP_REGION: "europe-west4" },
      ...{ SECRET_PREFIX: "union_acme_", SECRET_KEY_NAME: keyName },
    });
    expect(environment(await build({ logs: undefined }), "logs")).not.toHaveProperty("LOG_VIEW");
  });

  it("ships no logs itself: the cluster's agent does, so there is no namespace below the standard", async () => {
    const made = await build();
    expect(kind(made, "DaemonSet")).toEqual([]);
    expect(text(kind(made, "Namespace"))).not.toContain("union-logs");
  });

  it("lets who has an identity ask GKE's server on the node who it is, and nobody else", async () => {
    const made = await build();
    const asking = kind(made, "NetworkPolicy")
      .filter(({ inputs }) => text(inputs.spec).includes('"169.254.169.254/32"'))
      .map(({ inputs }) => (inputs.metadata as { name: string }).name);
    expect(asking.sort()).toEqual(["allow-tasks", "executor", "logs", "objectstore", "secrets"]);
    const ofTasks = made.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "compute-plane-demo-development-tasks");
    expect((ofTasks.inputs.spec as { egress: object[] }).egress.slice(1)).toEqual([
      { to: [{ ipBlock: { cidr: "169.254.169.254/32" } }], ports: [{ protocol: "TCP", port: 80 }] },
      { to: [{ ipBlock: { cidr: "169.254.169.252/32" } }], ports: [{ protocol: "TCP", port: 988 }] },
    ]);
  });

  it("tells the sync whose identities it names, and fences what it makes by the same plan", async () => {
    const made = await build();
    const plan = made.one("kubernetes:core/v1:ConfigMap", "compute-plane-sync-plan").inputs.data as Record<
      string,
      string
    >;
    expect(JSON.parse(plan["plan.json"] ?? "")).toMatchObject({ cloud: "gcp", projects: [{ roleArn: user }] });
    const fence = made.one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      "compute-plane-admission-sync",
    );
    expect(text(fence.inputs)).toContain("169.254.169.252/32");
  });

  it("admits no account that names another service account than the stack gave it", async () => {
    const { inputs } = (await build()).one(
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
      "compute-plane-admission-accounts",
    );
    expect(text(inputs)).toContain("iam.gke.io/gcp-service-account");
    expect(text(inputs)).toContain(`\\"demo-development/default\\": \\"${user}\\"`);
  });
});
