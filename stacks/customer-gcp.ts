/** A customer's platform on Google Cloud, in its cluster and beside it. Phase `base` comes before. */
import type * as pulumi from "@pulumi/pulumi";
import { GoogleBuckets } from "../components/buckets/gcp.ts";
import { adoptGkeCluster } from "../components/cluster/gcp-adopt.ts";
import { nodeAccountId } from "../components/cluster/gcp-nodes.ts";
import { ComputePlane } from "../components/compute-plane/compute-plane.ts";
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { adoptCloudKey, type CloudKeyReference, CloudKeys } from "../components/encryption/gcp.ts";
import type { SealingService } from "../components/encryption/gcp-agents.ts";
import { PlatformAccounts } from "../components/identity/gcp.ts";
import { emailOf } from "../components/identity/gcp-roles.ts";
import type { TaskLogSettings } from "../components/logs/contract.ts";
import { dropTaskLogs, GoogleTaskLogs } from "../components/logs/gcp.ts";
import { managementAccountId } from "../components/management/gcp.ts";
import { sealedDisk } from "../components/metrics-store/disks.ts";
import { type Labels, ownershipLabels } from "../components/ownership/labels.ts";
import { GoogleRepository } from "../components/registry/gcp.ts";
import { checkSecretBackend, defaultSecretBackend, type SecretSettings } from "../components/secrets/backends.ts";
import { planGoogleSecrets } from "../components/secrets/gcp.ts";
import type { GoogleCustomerConfig } from "./config.ts";
import { numberOf, openGoogle } from "./foundation-gcp.ts";
import { inCluster } from "./in-cluster.ts";
import type { GoogleCustomerOutputs, Pending } from "./outputs.ts";
import { platformOf } from "./platform.ts";

export function customer(config: GoogleCustomerConfig): Pending<GoogleCustomerOutputs> {
  const { org, project, region, clusterName, namespace, repository } = config;
  const dataProtection = config.dataProtection === "on";
  const labels = ownershipLabels({ plane: "compute", org, cluster: clusterName, tags: config.tags });
  const backend = config.secretsBackend ?? defaultSecretBackend(config.model, "gcp-secret-manager");
  checkSecretBackend(backend, config.keys.secrets);
  const secretsInCloud = backend !== "kubernetes";

  const cloud = openGoogle(config);
  const inCloud = { providers: [cloud] };
  const projectNumber = numberOf(project, cloud);
  const cluster = adoptGkeCluster(config, { provider: cloud });
  const keys = keysOf(config, { projectNumber, secretsInCloud, labels }, inCloud);

  const place = { ...config, dataProtection, labels };
  const buckets = new GoogleBuckets(clusterName, { ...place, prefix: config.bucketPrefix, key: keys("data") }, inCloud);
  const identities = new PlatformAccounts(
    clusterName,
    {
      ...{ org, project, projectNumber, clusterName, namespace, secretsInCloud, buckets },
      names: config.roles,
      projects: config.projects.map((space) => ({ ...space, namespace: projectNamespace(space) })),
      isolation: config.isolation,
      accountQuota: config.serviceAccountQuota,
    },
    inCloud,
  );
  const nodes = config.nodeAccount ?? emailOf(nodeAccountId(clusterName), project);
  const registry = new GoogleRepository(
    `${clusterName}-tasks`,
    { ...place, key: keys("images"), pulledBy: { nodes } },
    inCloud,
  );
  const secrets: SecretSettings = secretsInCloud
    ? planGoogleSecrets({ org, project, region, key: keys("secrets") })
    : { backend: "kubernetes" };
  const logs = createLogs(config, { keys, reader: identities.admin, dataProtection }, inCloud);
  const metricsStore = config.metricsStore
    ? { ...config.metricsStore, disk: sealedDisk("gcp", keys("metrics").name) }
    : undefined;
  const plane = new ComputePlane(
    "compute-plane",
    {
      ...config,
      ...platformOf(config),
      cloud: { cloud: "gcp", region, project },
      identities,
      buckets,
      secrets,
      logs,
      metricsStore,
      protectMetrics: dataProtection,
      protectSecrets: dataProtection,
      apiPort: cluster.apiPort,
      management: managementOf(config),
    },
    inCluster(cluster.kubeconfig),
  );

  return {
    clusterName,
    project,
    adminAccount: identities.admin,
    userAccount: identities.user,
    metadataBucket: buckets.metadata,
    fastRegistrationBucket: buckets.fastRegistration,
    repository,
    repositoryUrl: registry.url,
    namespaces: plane.namespaces,
    ...(config.images.task ? { taskImage: config.images.task } : {}),
    ...(logs ? { logView: logs.view } : {}),
  };
}

/** The base made that account; its e-mail follows from the cluster's name, so that no answer is copied by hand. */
function managementOf({ model, managementAccount, managementLevel, clusterName, project }: GoogleCustomerConfig) {
  if (model === "self-managed") return undefined;
  const user = managementAccount ?? emailOf(managementAccountId(clusterName), project);
  return { user, level: managementLevel };
}

type Sealed = "data" | "images" | "secrets" | "logs" | "metrics";

interface Sealing {
  projectNumber: pulumi.Output<string>;
  secretsInCloud: boolean;
  labels: Labels;
}

/** @returns the key of each thing that is sealed: yours, or one made here */
function keysOf(
  config: GoogleCustomerConfig,
  { projectNumber, secretsInCloud, labels }: Sealing,
  opts: pulumi.ComponentResourceOptions,
): (what: Sealed) => CloudKeyReference {
  const { project, region, clusterName } = config;
  const services: Partial<Record<Sealed, readonly SealingService[]>> = {
    data: ["storage"],
    images: ["artifactregistry"],
    ...(secretsInCloud ? { secrets: ["secretmanager"] } : {}),
    ...(config.logs ? { logs: ["logging"] } : {}),
    ...(config.metricsStore ? { metrics: ["compute"] } : {}),
  };
  const own = Object.entries(services).filter(([what]) => config.keys[what as Sealed] === undefined);
  const made =
    own.length === 0
      ? undefined
      : new CloudKeys(
          `${clusterName}-workloads`,
          {
            ...{ project, number: projectNumber, region, labels, dataProtection: config.dataProtection === "on" },
            keys: Object.fromEntries(own),
          },
          opts,
        );
  return (what) => {
    const given = config.keys[what];
    if (given) return adoptCloudKey(given, { region, subject: `biplane:keys.${what}` });
    const key = made?.byName[what];
    if (!key) throw new Error(`nothing seals ${what}`);
    return key;
  };
}

interface Reading {
  keys: (what: Sealed) => CloudKeyReference;
  reader: pulumi.Output<string>;
  dataProtection: boolean;
}

function createLogs(
  { project, region, clusterName, projects, logs }: GoogleCustomerConfig,
  { keys, reader, dataProtection }: Reading,
  opts: pulumi.ComponentResourceOptions,
): Extract<TaskLogSettings, { view: unknown }> | undefined {
  const name = `${clusterName}-logs`;
  const scope = { project, region, clusterName, projectNamespaces: projects.map(projectNamespace) };
  if (!logs) {
    const [provider] = Array.isArray(opts.providers) ? opts.providers : [];
    dropTaskLogs(name, scope, { provider });
    return undefined;
  }
  return new GoogleTaskLogs(
    name,
    {
      ...{ ...scope, reader, dataProtection },
      retentionDays: logs.retentionDays,
      key: keys("logs"),
    },
    opts,
  );
}
