/** A region's whole control plane, in the vendor's account. */
import * as pulumi from "@pulumi/pulumi";
import { NodeAutoscaler } from "../components/cluster/autoscaler.ts";
import { Cluster } from "../components/cluster/aws.ts";
import { ControlPlane } from "../components/control-plane/control-plane.ts";
import { createTenantCredentials, handedOver, type TenantCredentials } from "../components/control-plane/tenants.ts";
import { Database } from "../components/database/aws.ts";
import { Edge } from "../components/edge/edge.ts";
import { checkHosts } from "../components/edge/regional-hosts.ts";
import { NarrowRole } from "../components/identity/narrow-role.ts";
import { Network } from "../components/network/aws.ts";
import { planNetwork } from "../components/network/plan.ts";
import { ownershipTags } from "../components/ownership/tags.ts";
import { ClusterApiLink } from "../components/private-link/consumer.ts";
import { checkLinks } from "../components/private-link/plan.ts";
import { AppTunnels } from "../components/tunnel/app-tunnels.ts";
import { ClusterAuthority } from "../components/tunnel/authority.ts";
import { ConnectorTunnels } from "../components/tunnel/connectors.ts";
import { type RegionConfig, zonesOf } from "./config.ts";
import { accountOf, createFlowLogsKey, nodeSubnets, openCloud } from "./foundation.ts";
import { inCluster } from "./in-cluster.ts";
import type { Pending, RegionOutputs } from "./outputs.ts";
import { watch } from "./watch.ts";

export function region(config: RegionConfig): Pending<RegionOutputs> {
  const { region, endpoint, relayHost, edge, tenants, nodePorts, kubernetes } = config;
  const name = `biplane-${region}`;
  const dataProtection = config.dataProtection === "on";
  const tags = ownershipTags({ plane: "control", cluster: name, tags: config.tags });
  const zones = zonesOf(config);
  const plan = planNetwork(config.network.cidr, zones);
  const links = checkLinks(config.clusterLinks, region);
  const behindCloudflare = tenants.flatMap(({ org, cluster, tunnelHost: host }) =>
    cluster && host ? [{ org, cluster, host }] : [],
  );
  const servingApps = tenants.flatMap(({ org, cluster, appsDomain: domain }) =>
    cluster && domain ? [{ org, cluster, domain }] : [],
  );
  const hosts = [
    endpoint,
    relayHost,
    ...behindCloudflare.map(({ host }) => host),
    ...servingApps.map(({ domain }) => domain),
  ];
  if (edge.zoneName) checkHosts(edge.zoneName, hosts);

  const cloud = openCloud(config);
  const inCloud = { providers: [cloud] };
  const account = accountOf(cloud);
  const place = { region, account, dataProtection, tags };

  const flowLogs = { keyArn: createFlowLogsKey(name, place, inCloud).arn };
  const { natGateways } = config.network;
  const network = new Network(name, { ...place, plan, natGateways, flowLogs }, inCloud);
  const cluster = new Cluster(
    name,
    {
      ...place,
      ...kubernetes,
      subnetIds: network.clusterSubnetIds,
      nodeSubnets: nodeSubnets(zones, network),
      patching: "weekly",
      autoscaling: kubernetes.autoscaler ? "cluster-autoscaler" : "off",
    },
    inCloud,
  );
  const database = new Database(
    `${name}-database`,
    {
      ...place,
      vpcId: network.vpcId,
      subnetIds: network.isolatedSubnetIds,
      clientSecurityGroupId: cluster.nodeSecurityGroupId,
      instanceClass: config.database.instanceClass,
      monitoringRoleArn: new NarrowRole(
        `${name}-database-monitoring`,
        { ...place, kind: "database-monitoring", cluster: name },
        inCloud,
      ).arn,
    },
    inCloud,
  );
  const ways = new Edge(
    name,
    {
      zoneId: edge.zoneId,
      zone: edge.zone,
      guard: { firewall: edge.firewall, rateLimits: edge.rateLimits },
      originPullCa: edge.originPullCa,
      endpoint,
      relayHost,
      vpcId: network.vpcId,
      subnetIds: network.publicSubnetIds,
      nodeSecurityGroupId: cluster.nodeSecurityGroupId,
      nodePorts,
      relaySources: tenants.flatMap(({ org, egress = [] }) => egress.map((cidr) => ({ cidr, description: org }))),
      tags,
    },
    inCloud,
  );
  const endpoints = links.map((link) => {
    const { vpcId, privateSubnetIds: subnetIds } = network;
    const made = new ClusterApiLink(
      `${name}-link-${link.org}-${link.cluster}`,
      { vpcId, subnetIds, clientSecurityGroupId: cluster.nodeSecurityGroupId, link, tags },
      inCloud,
    );
    return [`${link.org}/${link.cluster}`, made.endpointId] as const;
  });
  const watched = { config, place, network, cluster, database, balancers: ways.balancers };
  const { auditExport } = watch(name, watched, inCloud);

  const authority = new ClusterAuthority(`${name}-clusters`, { region, relayHost });
  const connectors =
    edge.accountId && behindCloudflare.length > 0
      ? new ConnectorTunnels(`${name}-connectors`, { ...edge, accountId: edge.accountId, clusters: behindCloudflare })
      : undefined;
  const apps =
    edge.accountId && edge.zoneName && servingApps.length > 0
      ? new AppTunnels(`${name}-apps`, {
          ...{ zoneId: edge.zoneId, accountId: edge.accountId, zoneName: edge.zoneName, clusters: servingApps },
        })
      : undefined;
  const tunnels = [...(connectors?.states ?? []), ...(apps?.states ?? [])];
  const token = config.tunnelReconcilerToken;
  const credentials = tenants.map((tenant) => createTenantCredentials(tenant));
  const inside = inCluster(cluster.kubeconfig);
  if (kubernetes.autoscaler && cluster.autoscalerRoleArn) {
    const { clusterName, autoscalerRoleArn: roleArn } = cluster;
    new NodeAutoscaler("node-autoscaler", { clusterName, region, image: kubernetes.autoscaler, roleArn }, inside);
  }
  const controlPlane = new ControlPlane(
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
      originPullAuthority: ways.originPullAuthority,
      clusterAuthority: authority.authority,
      relayCertificate: authority.relay,
      tenants: credentials,
      connectors: connectors?.file,
      tunnelReconciler:
        token !== undefined && tunnels.length > 0 ? { api: edge.cloudflareApi, token, tunnels } : undefined,
      upstream:
        config.upstream && config.upstreamClientSecret !== undefined
          ? { ...config.upstream, clientSecret: config.upstreamClientSecret }
          : undefined,
      auditExport,
      apiPort: cluster.apiPort,
    },
    inside,
  );

  return {
    endpoint,
    relayHost,
    clusterName: cluster.clusterName,
    databaseHost: database.connection.host,
    natAddresses: pulumi.all(network.natAddresses),
    clusterEndpoints: pulumi.all(Object.fromEntries(endpoints)),
    tenants: pulumi.secret(byOrg(credentials, connectors?.tokens ?? {}, apps?.tokens ?? {})),
    databaseVerifier: pulumi.secret(controlPlane.databaseVerifier),
  };
}

/** Each customer's part is handed over apart from the others'. */
function byOrg(
  credentials: TenantCredentials[],
  tunnelTokens: ConnectorTunnels["tokens"],
  appsTokens: AppTunnels["tokens"],
) {
  return Object.fromEntries(
    credentials.map((tenant) => {
      const cluster = `${tenant.org}/${tenant.plane?.cluster}`;
      const [tunnelToken, appsTunnelToken] = [tunnelTokens[cluster], appsTokens[cluster]];
      const tokens = { ...(tunnelToken ? { tunnelToken } : {}), ...(appsTunnelToken ? { appsTunnelToken } : {}) };
      return [tenant.org, { ...handedOver(tenant), ...tokens }];
    }),
  );
}
