/** A customer's platform, in its cluster and beside it: roles, stores, keys and workloads. Phase `base` comes before. */
import type * as pulumi from "@pulumi/pulumi";
import { createDataKey, DataBuckets } from "../components/buckets/aws.ts";
import { bucketNames } from "../components/buckets/names.ts";
import { adoptCluster } from "../components/cluster/adopt.ts";
import type { WorkloadIssuer } from "../components/cluster/aws.ts";
import { ComputePlane } from "../components/compute-plane/compute-plane.ts";
import { projectNamespace } from "../components/compute-plane/project-domain.ts";
import { adoptKey, type KeyReference } from "../components/encryption/aws.ts";
import { PlatformRoles } from "../components/identity/aws.ts";
import { NarrowRole } from "../components/identity/narrow-role.ts";
import { TaskLogs } from "../components/logs/aws.ts";
import { createMetricsKey } from "../components/metrics-store/aws.ts";
import { sealedDisk } from "../components/metrics-store/disks.ts";
import { ownershipTags } from "../components/ownership/tags.ts";
import { createImageKey, ImageRepository } from "../components/registry/aws.ts";
import { createSecretsKey, planAwsSecrets } from "../components/secrets/aws.ts";
import { checkSecretBackend, defaultSecretBackend, type SecretSettings } from "../components/secrets/backends.ts";
import type { CustomerConfig } from "./config.ts";
import { managersGroup } from "./customer-base.ts";
import { accountOf, openCloud, type Place } from "./foundation.ts";
import { inCluster } from "./in-cluster.ts";
import type { CustomerOutputs, Pending } from "./outputs.ts";
import { platformOf } from "./platform.ts";

export function customer(config: CustomerConfig): Pending<CustomerOutputs> {
  const { org, region, clusterName, namespace, projects, repository, keys } = config;
  const dataProtection = config.dataProtection === "on";
  const tags = ownershipTags({ plane: "compute", org, cluster: clusterName, tags: config.tags });
  const backend = config.secretsBackend ?? defaultSecretBackend(config.model);
  checkSecretBackend(backend, keys.secrets);

  const cloud = openCloud(config);
  const inCloud = { providers: [cloud] };
  const account = accountOf(cloud);
  const place = { region, account, dataProtection, tags };

  const cluster = adoptCluster(clusterName, { ...config, tags }, inCloud);
  const roles = new PlatformRoles(
    clusterName,
    {
      ...place,
      names: config.roles,
      org,
      clusterName: config.cluster,
      issuer: cluster.workloadIssuer,
      namespace,
      projects: projects.map((project) => ({ ...project, namespace: projectNamespace(project) })),
      buckets: bucketNames(config.bucketPrefix),
      secretsInCloud: backend !== "kubernetes",
      isolation: config.isolation,
      trustQuota: config.trustPolicyQuota,
      roleQuota: config.roleQuota,
    },
    inCloud,
  );
  const stores = createStores(config, { place, roles }, inCloud);
  const secrets: SecretSettings =
    backend === "kubernetes" ? { backend } : createCloudSecrets(config, { place, roles }, inCloud);
  const logs = config.logs
    ? createLogs(config, config.logs, { place, issuer: cluster.workloadIssuer }, inCloud)
    : undefined;
  const imageBuilder = config.imageBuilder
    ? {
        ...config.imageBuilder,
        region,
        contextBucket: stores.buckets.fastRegistration,
        repositoryUrl: stores.registry.url,
        roleArn: createBuilderRole(config, { place, issuer: cluster.workloadIssuer }, inCloud),
      }
    : undefined;
  const metricsStore = config.metricsStore
    ? { ...config.metricsStore, disk: sealedDisk("aws", metricsKey(config, place, inCloud)) }
    : undefined;
  const plane = new ComputePlane(
    "compute-plane",
    {
      ...config,
      ...platformOf(config),
      cloud: { cloud: "aws", region },
      identities: { admin: roles.adminRoleArn, user: roles.userRoleArn, projects: roles.projectRoleArns },
      buckets: stores.buckets,
      secrets,
      logs,
      metricsStore,
      protectMetrics: dataProtection,
      imageBuilder,
      protectSecrets: dataProtection,
      apiPort: cluster.apiPort,
      ...(config.model === "byoc" ? { management: { group: managersGroup, level: config.managementLevel } } : {}),
    },
    inCluster(cluster.kubeconfig),
  );

  return {
    clusterName,
    adminRoleArn: roles.adminRoleArn,
    userRoleArn: roles.userRoleArn,
    metadataBucket: stores.buckets.metadata,
    fastRegistrationBucket: stores.buckets.fastRegistration,
    repository,
    repositoryUrl: stores.registry.url,
    namespaces: plane.namespaces,
    ...(config.images.task ? { taskImage: config.images.task } : {}),
    ...(logs ? { logGroup: logs.logGroup } : {}),
  };
}

interface Owned {
  place: Place;
  roles: PlatformRoles;
}

function createCloudSecrets(
  { clusterName, org, region, keys }: CustomerConfig,
  { place, roles: { adminRoleArn } }: Owned,
  opts: pulumi.ComponentResourceOptions,
): SecretSettings {
  const key = keys.secrets
    ? adoptKey(keys.secrets, { region, subject: "biplane:keys.secrets" })
    : createSecretsKey(`${clusterName}-secrets-key`, { ...place, adminRoleArn }, opts);
  return planAwsSecrets({ org, adminRoleArn, key });
}

function createLogs(
  { org, cluster, clusterName, region, keys }: CustomerConfig,
  { shipper, image, retentionDays }: NonNullable<CustomerConfig["logs"]>,
  { place, issuer }: { place: Place; issuer: WorkloadIssuer },
  opts: pulumi.ComponentResourceOptions,
) {
  const key = keys.logs ? adoptKey(keys.logs, { region, subject: "biplane:keys.logs" }) : undefined;
  const { logGroup, shipperRoleArn: roleArn } = new TaskLogs(
    `${clusterName}-logs`,
    { ...place, org, cluster, clusterName, issuer, shipper, key, retentionDays },
    opts,
  );
  return { logGroup, shipper, image, roleArn };
}

function metricsKey(
  { clusterName, region, keys }: CustomerConfig,
  place: Place,
  opts: pulumi.ComponentResourceOptions,
): pulumi.Output<string> {
  if (keys.metrics) return adoptKey(keys.metrics, { region, subject: "biplane:keys.metrics" }).arn;
  return createMetricsKey(`${clusterName}-metrics-key`, place, opts).arn;
}

function createBuilderRole(
  { clusterName, region, repository }: CustomerConfig,
  { place, issuer }: { place: Place; issuer: WorkloadIssuer },
  opts: pulumi.ComponentResourceOptions,
) {
  const { account, tags } = place;
  const kind = "image-builder" as const;
  return new NarrowRole(
    `${clusterName}-image-builder`,
    { kind, cluster: clusterName, region, account, issuer, repository, tags },
    opts,
  ).arn;
}

function createStores(config: CustomerConfig, { place, roles }: Owned, opts: pulumi.ComponentResourceOptions) {
  const { clusterName, region, keys, accessLogs } = config;
  const readers = [roles.adminRoleArn, roles.userRoleArn, ...Object.values(roles.projectRoleArns)];
  const keyOf = (what: "data" | "images", create: (name: string) => KeyReference): KeyReference => {
    const given = keys[what];
    if (given) return adoptKey(given, { region, subject: `biplane:keys.${what}` });
    return create(`${clusterName}-${what}-key`);
  };
  const buckets = new DataBuckets(
    clusterName,
    {
      ...place,
      prefix: config.bucketPrefix,
      org: config.org,
      consoleOrigin: config.consoleOrigin,
      key: keyOf("data", (name) => createDataKey(name, { ...place, roles: readers }, opts)),
      ...(accessLogs ? { accessLogs: { account: place.account, retentionDays: accessLogs } } : {}),
    },
    opts,
  );
  const registry = new ImageRepository(
    `${clusterName}-tasks`,
    { ...place, repository: config.repository, key: keyOf("images", (name) => createImageKey(name, place, opts)) },
    opts,
  );
  return { buckets, registry };
}
