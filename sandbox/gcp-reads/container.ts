import type { Entry } from "../providers/machine/kept.ts";
import { object } from "../providers/machine/reads.ts";
import type { Properties } from "../providers/machine/values.ts";
import { entriesOf, given, type KeptProject, type Route, text } from "./answer.ts";

export const containerRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v1\/(projects\/[^/]+\/locations\/[^/]+\/clusters\/[^/]+)$/,
    answer: ([path = ""], _, from) => {
      const entry = from.kept[path];
      return entry && clusterAnswer(path, entry, from);
    },
  },
];

const nameOf = (path: unknown) =>
  String(path ?? "")
    .split("/")
    .at(-1) ?? "";

export function clusterAnswer(path: string, { inputs, outputs }: Entry, from: KeptProject): object {
  const authorized = inputs.masterAuthorizedNetworksConfig;
  const pools = entriesOf(from, "gcp:container/nodePool:NodePool").filter(([own]) => own.startsWith(`${path}/`));
  return given({
    ...{ name: inputs.name, selfLink: `https://container.googleapis.com/v1/${path}`, location: inputs.location },
    ...{ locations: inputs.nodeLocations, status: "RUNNING", resourceLabels: inputs.resourceLabels },
    ...{ endpoint: outputs.endpoint, currentMasterVersion: outputs.masterVersion, masterAuth: masterAuthOf(outputs) },
    ...{ network: nameOf(inputs.network), subnetwork: nameOf(inputs.subnetwork) },
    networkConfig: given({
      ...{ network: inputs.network, subnetwork: inputs.subnetwork, datapathProvider: inputs.datapathProvider },
      enableIntraNodeVisibility: inputs.enableIntranodeVisibility,
      inTransitEncryptionConfig: inputs.inTransitEncryptionConfig,
    }),
    ipAllocationPolicy: { useIpAliases: true, ...object(inputs.ipAllocationPolicy) },
    ...{ privateClusterConfig: inputs.privateClusterConfig, addonsConfig: inputs.addonsConfig },
    // The API has a switch of its own, which is on wherever there is a list.
    masterAuthorizedNetworksConfig: authorized && { enabled: true, ...object(authorized) },
    ...{ databaseEncryption: inputs.databaseEncryption, workloadIdentityConfig: inputs.workloadIdentityConfig },
    ...{ releaseChannel: inputs.releaseChannel, monitoringConfig: inputs.monitoringConfig },
    shieldedNodes: inputs.enableShieldedNodes ? { enabled: true } : {},
    legacyAbac: inputs.enableLegacyAbac ? { enabled: true } : {},
    loggingConfig: inputs.loggingConfig && { componentConfig: inputs.loggingConfig },
    nodePools: pools.map(([, pool]) => poolAnswer(pool.inputs)),
  });
}

function masterAuthOf(outputs: Properties): object {
  return given({ clusterCaCertificate: object(outputs.masterAuth).clusterCaCertificate });
}

export function poolAnswer(inputs: Properties): object {
  const { nodeConfig, autoscaling, management, networkConfig, upgradeSettings } = inputs;
  return given({
    ...{ name: text(inputs.name), status: "RUNNING", config: nodeConfig, locations: inputs.nodeLocations },
    ...{ networkConfig, management, upgradeSettings, initialNodeCount: inputs.initialNodeCount },
    autoscaling: autoscaling && { enabled: true, ...object(autoscaling) },
  });
}
