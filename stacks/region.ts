/** A region's whole control plane, in the vendor's account. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "../components/cluster/aws.ts";
import { createClusterProvider } from "../components/cluster/provider.ts";
import { ControlPlane } from "../components/control-plane/control-plane.ts";
import { createTenantCredentials, type TenantCredentials } from "../components/control-plane/tenants.ts";
import { Database } from "../components/database/aws.ts";
import { Edge } from "../components/edge/edge.ts";
import { Network } from "../components/network/aws.ts";
import { planNetwork } from "../components/network/plan.ts";
import { ownershipTags } from "../components/ownership/tags.ts";
import { ClusterAuthority } from "../components/tunnel/authority.ts";
import { type RegionConfig, zonesOf } from "./config.ts";
import type { Pending, RegionOutputs } from "./outputs.ts";

export function region(config: RegionConfig): Pending<RegionOutputs> {
  const { region, endpoint, relayHost, edge, tenants, nodePorts } = config;
  const name = `biplane-${region}`;
  const dataProtection = config.dataProtection === "on";
  const tags = ownershipTags({ plane: "control", cluster: name, tags: config.tags });
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
  const database = new Database(
    `${name}-database`,
    {
      region,
      account,
      vpcId: network.vpcId,
      subnetIds: network.isolatedSubnetIds,
      clientSecurityGroupId: cluster.nodeSecurityGroupId,
      instanceClass: config.database.instanceClass,
      dataProtection,
      tags,
    },
    inCloud,
  );
  const ways = new Edge(
    name,
    {
      zoneId: edge.zoneId,
      endpoint,
      relayHost,
      vpcId: network.vpcId,
      subnetIds: network.publicSubnetIds,
      nodeSecurityGroupId: cluster.nodeSecurityGroupId,
      nodePorts,
      relaySources: tenants.flatMap(({ org, egress }) => egress.map((cidr) => ({ cidr, description: org }))),
      tags,
    },
    inCloud,
  );
  const authority = new ClusterAuthority(`${name}-clusters`, { region, relayHost });
  const credentials = tenants.map((tenant) => createTenantCredentials(tenant));
  new ControlPlane(
    "control-plane",
    {
      ...config,
      image: config.images.services,
      database: {
        ...database.connection,
        addresses: config.database.addresses ?? plan.zones.map(({ isolated }) => isolated),
        authority: config.database.authority,
      },
      gatewayCertificate: ways.gatewayCertificate,
      originPullAuthority: edge.originPullCa,
      clusterAuthority: authority.authority,
      relayCertificate: authority.relay,
      tenants: credentials,
      apiPort: cluster.apiPort,
    },
    { providers: [createClusterProvider("cluster", cluster.kubeconfig)] },
  );

  return {
    endpoint,
    relayHost,
    clusterName: cluster.clusterName,
    databaseHost: database.connection.host,
    tenants: pulumi.secret(byOrg(credentials)),
  };
}

/** Each customer's part is handed over apart from the others'. */
function byOrg(credentials: TenantCredentials[]) {
  return Object.fromEntries(credentials.map(({ org, cluster: _, ...handed }) => [org, handed]));
}
