/** Where each cloud's programs are previewed: providers that answer, a cluster that a base phase made, nothing else. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "../sandbox/context.ts";
import { upStack } from "../sandbox/engine/index.ts";
import { startEmulated, toolchain } from "../sandbox/engine/testing/emulated.ts";
import { accounts, awsRegion, operatorRole } from "../sandbox/hosts.ts";
import { paths } from "../sandbox/paths.ts";
import { awsPackage } from "../sandbox/providers/aws/index.ts";
import { azurePackage } from "../sandbox/providers/azure/index.ts";
import { gcpPackage } from "../sandbox/providers/gcp/index.ts";
import { serveAll } from "../sandbox/providers/index.ts";
import { kubernetesPackage } from "../sandbox/providers/kubernetes/index.ts";
import type { Package } from "../sandbox/providers/machine/resource.ts";
import { tlsPackage } from "../sandbox/providers/tls/index.ts";
import { asConfig } from "../sandbox/stacks.ts";
import program from "../stacks/index.ts";

export interface BenchWorld {
  sandbox: Sandbox;
  /** Folder of the program that imports this cloud's SDKs and does nothing. */
  empty: string;
  /** Of a customer's workloads with so many project-domains. */
  customerOf(count: number): Record<string, string>;
  packages(): Package[];
  close(): Promise<void>;
}

const image = `registry.test/biplane/services@sha256:${"a".repeat(64)}`;
const customer = { shape: "customer", model: "self-managed", org: "acme", cluster: "main" };

function workloads(count: number, cloud: Record<string, unknown>): Record<string, string> {
  return asConfig({
    ...{ ...customer, ...cloud, phase: "workloads", link: "inside" },
    ...{ controlPlaneHost: "us-east-2.biplane.test", images: { services: image } },
    projects: Array.from({ length: count }, (_, at) => ({ project: `p${at}`, domain: "d" })),
    registrationToken: "registration-token-of-a-bench",
    dataPlaneClientSecret: "client-secret-of-a-bench",
  });
}

async function openAws(): Promise<BenchWorld> {
  const { sandbox, cloud, close } = await startEmulated();
  // What the base phase made, as far as the preview looks at it.
  const [eks, iam] = [await cloud.eks(), await cloud.iam()];
  const keyArn = `arn:aws:kms:${awsRegion}:${accounts.customer}:key/one`;
  const name = "biplane-main";
  await eks.createCluster({
    name,
    version: "1.34",
    roleArn: operatorRole(accounts.customer),
    resourcesVpcConfig: { subnetIds: ["subnet-1"], endpointPrivateAccess: true, endpointPublicAccess: false },
    encryptionConfig: [{ resources: ["secrets"], provider: { keyArn } }],
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    logging: { clusterLogging: [{ enabled: true, types: ["api", "audit", "authenticator"] }] },
  });
  const { issuer } = await cloud.backing.node(name);
  await iam.createOpenIDConnectProvider({ Url: issuer, ClientIDList: ["sts.amazonaws.com"] });
  return {
    ...{ sandbox, close, empty: join(import.meta.dirname, "empty") },
    customerOf: (count) => workloads(count, { region: awsRegion, trustPolicyQuota: 4096 }),
    packages: () => [awsPackage(cloud), kubernetesPackage({}), tlsPackage()],
  };
}

const openGoogle = () =>
  openKept("gcp", { project: "acme-data", region: "europe-west4" }, ({ paths }) => gcpPackage(paths));

const openAzure = () =>
  openKept(
    "azure",
    {
      ...{ subscription: "11111111-1111-4111-8111-111111111111", region: "westeurope" },
      tenant: "22222222-2222-4222-8222-222222222222",
    },
    ({ paths }) => azurePackage(paths),
  );

/** A cloud that the sandbox keeps without an emulator: its base is brought up first. */
async function openKept(
  cloud: "gcp" | "azure",
  where: Record<string, string>,
  packageOf: (sandbox: Sandbox) => Package,
): Promise<BenchWorld> {
  const state = mkdtempSync(join(tmpdir(), `biplane-programs-${cloud}-`));
  const sandbox = {
    ...{ paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} },
  };
  const place = { ...where, cloud };
  const packages = () => [packageOf(sandbox), kubernetesPackage({}), tlsPackage()];
  await upStack(sandbox, {
    ...{ stack: "customer-acme-base", program, secrets: {}, account: "customer", plane: "customer" },
    config: asConfig({ ...customer, ...place, phase: "base" }),
    providers: () => serveAll(packages()),
  });
  return {
    ...{ sandbox, packages, empty: join(import.meta.dirname, `empty-${cloud}`) },
    customerOf: (count) => workloads(count, place),
    close: async () => rmSync(state, { recursive: true, force: true }),
  };
}

export const worlds = { aws: openAws, gcp: openGoogle, azure: openAzure } satisfies Record<
  string,
  () => Promise<BenchWorld>
>;

export function isWorld(name: string): name is keyof typeof worlds {
  return Object.hasOwn(worlds, name);
}
