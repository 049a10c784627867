/** A customer's whole compute plane, in the customer's account. Self-managed or not, no vendor principal is made here. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bucketNames, DataBuckets } from "../components/buckets/aws.ts";
import { Cluster } from "../components/cluster/aws.ts";
import { createClusterProvider } from "../components/cluster/provider.ts";
import { ComputePlane } from "../components/compute-plane/compute-plane.ts";
import { projectNamespace } from "../components/compute-plane/project-namespace.ts";
import { PlatformRoles } from "../components/identity/aws.ts";
import { Network } from "../components/network/aws.ts";
import { planNetwork } from "../components/network/plan.ts";
import { ownershipTags } from "../components/ownership/tags.ts";
import { ImageRepository } from "../components/registry/aws.ts";
import { type CustomerConfig, zonesOf } from "./config.ts";
import type { CustomerOutputs, Pending } from "./outputs.ts";

export function customer(config: CustomerConfig): Pending<CustomerOutputs> {
  const { org, region, namespace, projects, repository } = config;
  const name = `biplane-${config.cluster}`;
  const dataProtection = config.dataProtection === "on";
  const tags = ownershipTags({ plane: "compute", org, cluster: config.cluster, tags: config.tags });
  const plan = planNetwork(config.network.cidr, zonesOf(config));

  const cloud = new aws.Provider("aws", { region });
  const inCloud = { providers: [cloud] };
  const account = aws.getCallerIdentityOutput({}, { provider: cloud }).accountId;

  const network = new Network(name, { plan, tags }, inCloud);
  const cluster = new Cluster(
    name,
    { region, account, subnetIds: network.privateSubnetIds, dataProtection, tags },
    inCloud,
  );
  const buckets = new DataBuckets(
    name,
    { prefix: config.bucketPrefix, consoleOrigin: config.consoleOrigin, dataProtection, tags },
    inCloud,
  );
  const registry = new ImageRepository(`${name}-tasks`, { repository, dataProtection, tags }, inCloud);
  const roles = new PlatformRoles(
    name,
    {
      names: config.roles,
      org,
      clusterName: config.cluster,
      region,
      account,
      issuer: cluster.workloadIssuer,
      namespace,
      projectNamespaces: projects.map(projectNamespace),
      buckets: bucketNames(config.bucketPrefix),
      tags,
    },
    inCloud,
  );
  const plane = new ComputePlane(
    "compute-plane",
    {
      ...config,
      image: config.images.services,
      clusterName: config.cluster,
      adminRoleArn: roles.adminRoleArn,
      userRoleArn: roles.userRoleArn,
      buckets,
      registrationToken: pulumi.secret(config.registrationToken),
      taskClient: { id: config.dataPlaneClientId, secret: pulumi.secret(config.dataPlaneClientSecret) },
      apiPort: cluster.apiPort,
    },
    { providers: [createClusterProvider("cluster", cluster.kubeconfig)] },
  );

  return {
    clusterName: cluster.clusterName,
    adminRoleArn: roles.adminRoleArn,
    userRoleArn: roles.userRoleArn,
    metadataBucket: buckets.metadata,
    fastRegistrationBucket: buckets.fastRegistration,
    repository,
    repositoryUrl: registry.url,
    namespaces: plane.namespaces,
    ...(config.images.task ? { taskImage: config.images.task } : {}),
  };
}
