/** A customer's platform on Azure, in its cluster and beside it. Phase `base` comes before. */
import type * as pulumi from "@pulumi/pulumi";
import { registryName, storageAccountName, vaultName } from "../components/account/azure-names.ts";
import { AzureBuckets } from "../components/buckets/azure.ts";
import { adoptAksCluster } from "../components/cluster/azure-adopt.ts";
import { ComputePlane } from "../components/compute-plane/compute-plane.ts";
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { adoptVaultKey, type VaultKeyReference, VaultKeys } from "../components/encryption/azure.ts";
import { PlatformIdentities } from "../components/identity/azure.ts";
import { AzureTaskLogs } from "../components/logs/azure.ts";
import { sealedDisk } from "../components/metrics-store/disks.ts";
import { azureTags } from "../components/ownership/azure-tags.ts";
import type { Tags } from "../components/ownership/tags.ts";
import { AzureRegistry } from "../components/registry/azure.ts";
import { SecretsVault } from "../components/secrets/azure.ts";
import { defaultSecretBackend } from "../components/secrets/backends.ts";
import type { AzureCustomerConfig } from "./config.ts";
import { createGroup, groupName, inAzure, openAzure } from "./foundation-azure.ts";
import { inCluster } from "./in-cluster.ts";
import type { AzureCustomerOutputs, Pending } from "./outputs.ts";
import { platformOf } from "./platform.ts";

export function customer(config: AzureCustomerConfig): Pending<AzureCustomerOutputs> {
  const { org, subscription, tenant, region, clusterName, namespace, repository } = config;
  const dataProtection = config.dataProtection === "on";
  const tags = azureTags({ plane: "compute", org, cluster: config.cluster, tags: config.tags });
  const backend = config.secretsBackend ?? defaultSecretBackend(config.model, "azure-key-vault");
  const scope = { subscription, prefix: config.bucketPrefix };
  const adopted = adoptKeys(config);

  const cloud = openAzure(config);
  const inCloud = inAzure(cloud);
  const clusterGroup = config.clusterGroup ?? groupName(clusterName, "base");
  const cluster = adoptAksCluster({ ...config, clusterGroup }, { provider: cloud });
  const ofWorkloads = { region, tags, protect: dataProtection };
  const group = createGroup(groupName(clusterName, "workloads"), ofWorkloads, inCloud);
  const place = { org, subscription, tenant, group, region, tags, dataProtection };
  const keys = keysOf(config, { adopted, group, tags }, inCloud);

  const account = storageAccountName(scope);
  const { bucketPrefix: prefix, consoleOrigin } = config;
  const buckets = new AzureBuckets(
    clusterName,
    { ...place, account, prefix, consoleOrigin, key: keys("data") },
    inCloud,
  );
  const vault =
    backend === "azure-key-vault"
      ? new SecretsVault(
          `${clusterName}-secrets`,
          { ...place, vault: vaultName(scope, "secrets"), nodeSubnetId: cluster.nodeSubnetId },
          inCloud,
        )
      : undefined;
  const identities = new PlatformIdentities(
    clusterName,
    {
      ...place,
      ...{ namespace, issuer: cluster.issuer, storage: buckets.storage, secretsVault: vault?.id, names: config.roles },
      projects: config.projects.map((space) => ({ ...space, namespace: projectNamespace(space) })),
      isolation: config.isolation,
    },
    inCloud,
  );
  const registry = new AzureRegistry(
    `${clusterName}-tasks`,
    {
      ...{ ...place, registry: registryName(scope), repository, key: keys("images") },
      pulledBy: { nodes: cluster.nodePrincipal },
    },
    inCloud,
  );
  const logs = config.logs
    ? new AzureTaskLogs(
        `${clusterName}-logs`,
        {
          ...{ ...place, ...config.logs, clusterId: cluster.id, readerPrincipal: identities.adminPrincipal },
          projectNamespaces: config.projects.map(projectNamespace),
        },
        inCloud,
      )
    : undefined;
  const metricsStore = config.metricsStore
    ? { ...config.metricsStore, disk: sealedDisk("azure", config.metricsStore.diskEncryptionSet) }
    : undefined;
  const plane = new ComputePlane(
    "compute-plane",
    {
      ...config,
      ...platformOf(config),
      cloud: { cloud: "azure", region, storageAccount: account },
      identities,
      buckets,
      secrets: vault?.settings ?? { backend: "kubernetes" },
      logs: logs && { workspace: logs.workspace },
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
    subscription,
    adminIdentity: identities.admin,
    userIdentity: identities.user,
    storageAccount: account,
    metadataBucket: buckets.metadata,
    fastRegistrationBucket: buckets.fastRegistration,
    repository,
    repositoryUrl: registry.url,
    namespaces: plane.namespaces,
    ...(config.images.task ? { taskImage: config.images.task } : {}),
    ...(logs ? { logWorkspace: logs.workspace } : {}),
  };
}

/** Kubernetes knows it by the object id that Entra gave it, which no name tells. */
function managementOf({ managementPrincipal, managementLevel }: AzureCustomerConfig) {
  return managementPrincipal === undefined ? undefined : { user: managementPrincipal, level: managementLevel };
}

type Sealed = "data" | "images";
type Keys = Partial<Record<Sealed, VaultKeyReference>>;

/** Keys of yours; looked at before anything is made. */
function adoptKeys({ keys }: AzureCustomerConfig): Keys {
  const given = Object.entries(keys).filter(([, id]) => id !== undefined);
  return Object.fromEntries(given.map(([what, id]) => [what, adoptVaultKey(id, `biplane:keys.${what}`)]));
}

/** @returns the key of each thing that is sealed: yours, or one made here */
function keysOf(
  { subscription, tenant, region, clusterName, bucketPrefix: prefix, dataProtection }: AzureCustomerConfig,
  { adopted, group, tags }: { adopted: Keys; group: pulumi.Output<string>; tags: Tags },
  opts: pulumi.ComponentResourceOptions,
): (what: Sealed) => VaultKeyReference {
  const own = (["data", "images"] as const).filter((what) => adopted[what] === undefined);
  const made =
    own.length === 0
      ? undefined
      : new VaultKeys(
          `${clusterName}-workloads`,
          {
            ...{ group, region, tenant, tags, dataProtection: dataProtection === "on", keys: own },
            vault: vaultName({ subscription, prefix }, "data"),
          },
          opts,
        );
  return (what) => {
    const key = adopted[what] ?? made?.byName[what];
    if (!key) throw new Error(`nothing seals ${what}`);
    return key;
  };
}
