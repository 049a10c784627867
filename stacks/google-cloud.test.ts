import { beforeAll, describe, expect, it } from "vitest";
import type { Recorded } from "../components/testing/record-resources.ts";
import { settled } from "../components/testing/settled.ts";
import { googleBaseOutputs, googleCustomerOutputs, googleLinkOutputs } from "./outputs.ts";
import { type Built, build, managedIn, managersTold, named, objects } from "./testing/built-stack.ts";
import {
  servesApps as apps,
  googleBaseValues,
  googleByoc,
  googleCustomerValues,
  googleLinkValues,
} from "./testing/valid-config.ts";

const metricsStore = { image: `registry.test/prometheus@sha256:${"e".repeat(64)}` };
const byocValues = () =>
  googleCustomerValues({ model: "byoc", logs: { retentionDays: 90 }, metricsStore, isolation: "project" });
let base: Built;
let byocBase: Built;
let customer: Built;
let byoc: Built;
let link: Built;

beforeAll(async () => {
  base = await build(googleBaseValues());
  byocBase = await build(googleBaseValues(googleByoc));
  customer = await build(googleCustomerValues());
  byoc = await build(byocValues());
  link = await build(googleLinkValues());
}, 60_000);

const programs = [
  ["self-managed base", () => base, () => googleBaseValues(), googleBaseOutputs],
  ["byoc base", () => byocBase, () => googleBaseValues(googleByoc), googleBaseOutputs],
  ["self-managed customer", () => customer, () => googleCustomerValues(), googleCustomerOutputs],
  ["byoc customer", () => byoc, byocValues, googleCustomerOutputs],
  ["link", () => link, () => googleLinkValues(), googleLinkOutputs],
] as const;

/** Types of Google Cloud's that take labels here. */
const labelled = /^gcp:(?:storage\/bucket:|kms\/cryptoKey:|artifactregistry\/repository:|container\/cluster:)/;

describe.each(programs)("every %s program on Google Cloud", (_, built, values, outputs) => {
  it("answers what outputs.ts promises", async () => {
    expect(outputs.safeParse(await settled(built().outputs)).error).toBeUndefined();
  });

  it("shows the same resources in a first preview, when nothing is known yet", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build(values(), { preview: true }))).toEqual(names(built()));
  });

  it("gives each resource a name of its own, from plain configuration", () => {
    const seen = built().all.map(({ type, name }) => `${type} ${name}`);
    expect(seen.filter((name, at) => seen.indexOf(name) !== at)).toEqual([]);
  });

  it("makes nothing of another cloud's, nor speaks of it", () => {
    const types = built().all.map(({ type }) => type.split(":")[0]);
    expect(types.filter((cloud) => cloud === "aws")).toEqual([]);
    expect(types).toContain("gcp");
    expect(JSON.stringify(objects(built(), "Deployment"))).not.toContain("AWS_");
  });

  it("labels what holds or costs something, with ours and the customer's", () => {
    for (const { name, type, inputs } of built().all.filter(({ type }) => labelled.test(type))) {
      const labels = inputs.labels ?? inputs.resourceLabels;
      expect(labels, `${type} ${name}`).toMatchObject({ team: "platform", "biplane-managed-by": "pulumi" });
    }
  });
});

describe("a customer's base on Google Cloud", () => {
  const vendor = [
    "gcp:compute/serviceAttachment:ServiceAttachment",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
    "gcp:projects/iAMCustomRole:IAMCustomRole",
  ];

  it("self-managed: makes no account, pool or link of a vendor at all", () => {
    expect(JSON.stringify(base.all)).not.toContain("999999999999");
    for (const type of vendor) expect(base.of(type), type).toEqual([]);
    const accounts = base.of("gcp:serviceaccount/account:Account").map(({ inputs }) => inputs.accountId);
    expect(accounts).toEqual(["biplane-main-node"]);
  });

  it("byoc: makes one account, one pool and one link of the vendor, and no other way", () => {
    for (const type of vendor) expect(byocBase.of(type), type).toHaveLength(1);
    const accounts = byocBase.of("gcp:serviceaccount/account:Account").map(({ inputs }) => inputs.accountId);
    expect(accounts.sort()).toEqual(["biplane-main-management", "biplane-main-node"]);
  });

  it("sets policies of the organisation only where it is told to, since no right in a project is enough for it", async () => {
    const policy = "gcp:orgpolicy/policy:Policy";
    expect(base.of(policy)).toEqual([]);
    const made = await build(googleBaseValues({ transportPolicies: "base" }));
    expect(made.of(policy).map(({ inputs }) => inputs.name)).toEqual([
      "projects/acme-data/policies/storage.secureHttpTransport",
      "projects/acme-data/policies/gcp.restrictTLSVersion",
    ]);
  });

  it("places everything in the project that the stack names, once its services are on", async () => {
    const network = "gcp:compute/network:Network";
    const service = "gcp:projects/service:Service";
    const made = await build(googleBaseValues(), { slow: [service] });
    expect(made.one("pulumi:providers:gcp").inputs).toMatchObject({ project: "acme-data", region: "europe-west4" });
    expect(made.of(service).length).toBeGreaterThan(5);
    for (const { ended } of made.of(service)) expect(made.one(network).begun).toBeGreaterThan(ended);
  });

  it("refuses ranges over each other, and another cloud's words, before anything is made", async () => {
    const over = googleBaseValues({ network: { nodes: "10.64.0.0/18" } });
    await expect(build(over, { preview: true })).rejects.toThrow(/^biplane:network\.pods is .*network\.nodes/);
    const words = googleBaseValues({ region: "us-east-2" });
    await expect(build(words, { preview: true })).rejects.toThrow(
      /biplane:region is "us-east-2"; allowed: a region of/,
    );
    await expect(build(googleBaseValues({ account: "111111111111" }))).rejects.toThrow(/biplane:account is not known/);
  });
});

describe("a customer stack on Google Cloud", () => {
  it("binds the vendor's account of the base in Kubernetes by its name, and only where it operates", () => {
    const users = (built: Built) =>
      JSON.stringify(objects(built, "ClusterRoleBinding").map(({ inputs }) => inputs.subjects));
    expect(users(byoc)).toContain("biplane-main-management@acme-data.iam.gserviceaccount.com");
    expect(objects(customer, "ClusterRoleBinding")).toEqual([]);
  });

  it("lets the vendor manage what serves apps, where there are apps and it operates the plane", async () => {
    const served = await build(googleCustomerValues({ model: "byoc", apps }));
    expect(managedIn(served)).toEqual(["knative-serving", "kourier-system", "union"]);
    expect(managersTold(served)).toEqual(["biplane-main-management@acme-data.iam.gserviceaccount.com"]);
    expect(managedIn(byoc)).toEqual(["union"]);
    const own = await build(googleCustomerValues({ apps }));
    expect([managedIn(own), managersTold(own)]).toEqual([[], []]);
  });

  it("lets task pods be their own project-domain's account where each has one", () => {
    for (const domain of ["development", "production"]) {
      const { inputs } = named(objects(byoc, "ServiceAccount"), "default", `demo-${domain}`);
      expect(inputs.metadata).toMatchObject({
        annotations: {
          "iam.gke.io/gcp-service-account": expect.stringMatching(/^userflyterole-.*@acme-data\.iam\./),
        },
      });
    }
  });

  it("seals everything it keeps with keys of the customer's, made here or given", async () => {
    const keys = (built: Built) => built.of("gcp:kms/cryptoKey:CryptoKey").map(({ inputs }) => inputs.name);
    expect(keys(customer).sort()).toEqual(["data", "images"]);
    expect(keys(byoc).sort()).toEqual(["data", "images", "logs", "metrics", "secrets"]);
    const data = "projects/acme-keys/locations/europe-west4/keyRings/r/cryptoKeys/data";
    const given = await build(googleCustomerValues({ keys: { data, images: data } }), { preview: true });
    expect(given.all.filter(({ type }) => type.startsWith("gcp:kms/"))).toEqual([]);
    for (const { inputs } of given.of("gcp:storage/bucket:Bucket")) {
      expect(inputs.encryption).toEqual({ defaultKmsKeyName: data });
    }
  });

  it("starts no service before its account may do what it is for", async () => {
    const grant = "gcp:storage/bucketIAMMember:BucketIAMMember";
    const made = await build(googleCustomerValues(), { slow: [grant] });
    const account = made.one("kubernetes:core/v1:ServiceAccount", "compute-plane-executor");
    for (const { name, ended } of made.of(grant).filter(({ name }) => name.includes("-admin-"))) {
      expect(account.begun, name).toBeGreaterThan(ended);
    }
  });

  it.each([
    [{ link: "private-link" }, /biplane:apiAddress is missing/],
    [{ clusterOwner: "yours" }, /biplane:nodeAccount is missing/],
    [{ secretsBackend: "aws-secrets-manager" }, /biplane:secretsBackend is "aws-secrets-manager"/],
    [{ trustPolicyQuota: 4096 }, /biplane:trustPolicyQuota is not known/],
    [{ cloud: "oracle" }, /biplane:cloud is "oracle"; allowed: aws or gcp or azure/],
    [{ phase: "account" }, /biplane:phase is "account"; allowed: base .* workloads .* link/],
  ])("refuses %j", async (changes, words) => {
    await expect(build(googleCustomerValues(changes), { preview: true })).rejects.toThrow(words);
  });
});

it("keeps measures on a disk under a key that Compute Engine alone uses, on Google Cloud", () => {
  const made = byoc.one("kubernetes:storage.k8s.io/v1:StorageClass").inputs;
  expect(made).toMatchObject({
    provisioner: "pd.csi.storage.gke.io",
    parameters: { "disk-encryption-kms-key": expect.stringContaining("metrics") },
  });
  expect(objects(customer, "StorageClass")).toEqual([]);
});
