import { z } from "zod";
import type { GoogleClusterFact } from "../../facts-google.ts";
import type { Reads } from "./client.ts";

const on = z.boolean().default(false);
const enabled = z.object({ enabled: on }).optional();

const clusterSchema = z.object({
  selfLink: z.string(),
  networkConfig: z.object({
    network: z.string(),
    datapathProvider: z.string().default("not told"),
    inTransitEncryptionConfig: z.string().default("not told"),
  }),
  privateClusterConfig: z
    .object({
      ...{ enablePrivateNodes: on, enablePrivateEndpoint: on },
      ...{ masterIpv4CidrBlock: z.string().optional(), privateEndpoint: z.string().optional() },
    })
    .optional(),
  controlPlaneEndpointsConfig: z
    .object({
      dnsEndpointConfig: z.object({ allowExternalTraffic: on }).optional(),
      ipEndpointsConfig: z.object({ privateEndpoint: z.string().optional() }).optional(),
    })
    .optional(),
  masterAuthorizedNetworksConfig: z
    .object({ enabled: on, cidrBlocks: z.array(z.object({ cidrBlock: z.string() })).default([]) })
    .optional(),
  databaseEncryption: z.object({ state: z.string(), keyName: z.string().optional() }).optional(),
  workloadIdentityConfig: z.object({ workloadPool: z.string().optional() }).optional(),
  shieldedNodes: enabled,
  legacyAbac: enabled,
  loggingConfig: z
    .object({ componentConfig: z.object({ enableComponents: z.array(z.string()).default([]) }).optional() })
    .optional(),
  nodePools: z
    .array(
      z.object({
        name: z.string(),
        config: z
          .object({
            serviceAccount: z.string().default("default"),
            workloadMetadataConfig: z.object({ mode: z.string().optional() }).optional(),
          })
          .optional(),
        networkConfig: z.object({ enablePrivateNodes: on }).optional(),
      }),
    )
    .default([]),
});

export async function readGoogleCluster(
  reads: Reads,
  project: string,
  region: string,
  name: string,
): Promise<GoogleClusterFact> {
  const path = `/v1/projects/${project}/locations/${region}/clusters/${name}`;
  const cluster = await reads.one({ api: "container", path }, clusterSchema);
  const { privateClusterConfig: closed, masterAuthorizedNetworksConfig: authorized, databaseEncryption } = cluster;
  const endpoints = cluster.controlPlaneEndpointsConfig;
  const { workloadPool } = cluster.workloadIdentityConfig ?? {};
  return {
    name: cluster.selfLink.replace(/^https:\/\/container\.googleapis\.com\/v1\//, ""),
    network: cluster.networkConfig.network,
    ...(closed?.masterIpv4CidrBlock ? { masterRange: closed.masterIpv4CidrBlock } : {}),
    privateNodes: closed?.enablePrivateNodes ?? false,
    endpoints: [closed?.privateEndpoint, endpoints?.ipEndpointsConfig?.privateEndpoint].filter(
      (address) => address !== undefined,
    ),
    privateEndpoint: closed?.enablePrivateEndpoint ?? false,
    namedEndpointOpen: endpoints?.dnsEndpointConfig?.allowExternalTraffic ?? false,
    ...(authorized?.enabled ? { authorizedNetworks: authorized.cidrBlocks.map(({ cidrBlock }) => cidrBlock) } : {}),
    ...(databaseEncryption?.state === "ENCRYPTED" && databaseEncryption.keyName
      ? { secretsKey: databaseEncryption.keyName }
      : {}),
    ...(workloadPool ? { workloadPool } : {}),
    datapath: cluster.networkConfig.datapathProvider,
    nodeEncryption: cluster.networkConfig.inTransitEncryptionConfig,
    shieldedNodes: cluster.shieldedNodes?.enabled ?? false,
    legacyAuthorization: cluster.legacyAbac?.enabled ?? false,
    logged: cluster.loggingConfig?.componentConfig?.enableComponents ?? [],
    nodePools: cluster.nodePools.map(({ name: pool, config, networkConfig }) => ({
      name: pool,
      account: config?.serviceAccount ?? "default",
      metadataMode: config?.workloadMetadataConfig?.mode ?? "none",
      privateNodes: networkConfig?.enablePrivateNodes ?? closed?.enablePrivateNodes ?? false,
    })),
  };
}
