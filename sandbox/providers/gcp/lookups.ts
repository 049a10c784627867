/** What programs look up, answered from what is kept. */

import type { Entry, Kept } from "../machine/kept.ts";
import type { Package } from "../machine/resource.ts";
import { isProperties, type Properties, type Value } from "../machine/values.ts";
import { projectNumber } from "./rows.ts";

export function lookups(kept: Kept): Package["invokes"] {
  const found = (path: string): Entry => {
    const entry = kept.get(path);
    if (!entry) throw new Error(`Error 404: ${path} was not found.`);
    return entry;
  };
  return {
    "gcp:organizations/getProject:getProject": async ({ projectId }) => ({
      ...{ id: `projects/${String(projectId)}`, projectId, number: projectNumber },
    }),
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": async () => {
      const emailAddress = `service-${projectNumber}@gs-project-accounts.iam.gserviceaccount.com`;
      return { id: emailAddress, emailAddress, member: `serviceAccount:${emailAddress}` };
    },
    "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": async ({ project }) => {
      const serviceAccountId = `cmek-p${projectNumber}@gcp-sa-logging.iam.gserviceaccount.com`;
      return { id: `projects/${String(project)}/cmekSettings`, serviceAccountId };
    },
    "gcp:compute/getSubnetwork:getSubnetwork": async ({ project, region, name }) => {
      const path = `projects/${String(project)}/regions/${String(region)}/subnetworks/${String(name)}`;
      const { inputs, outputs } = found(path);
      return { secondaryIpRanges: [], privateIpGoogleAccess: false, ...inputs, ...outputs, id: path };
    },
    "gcp:container/getCluster:getCluster": async ({ project, location, name }) => {
      const path = `projects/${String(project)}/locations/${String(location)}/clusters/${String(name)}`;
      const { inputs, outputs } = found(path);
      return clusterAnswer(path, { ...inputs, ...outputs }, kept);
    },
  };
}

/** A look-up answers lists of one where a resource takes an object. */
function clusterAnswer(path: string, cluster: Properties, kept: Kept): Properties {
  const listed = (value: Value | undefined) => (value === undefined ? [] : [value]);
  const pools = kept.under(`${path}/nodePools/`).map(({ inputs }) => {
    const { workloadMetadataConfig, ...node } = objectOf(inputs.nodeConfig);
    const nodeConfigs = [{ ...node, workloadMetadataConfigs: listed(workloadMetadataConfig) }];
    return { ...inputs, nodeConfigs };
  });
  return {
    ...{ id: path, name: cluster.name, endpoint: cluster.endpoint, masterVersion: cluster.masterVersion },
    masterAuths: listed(cluster.masterAuth),
    privateClusterConfigs: listed(cluster.privateClusterConfig),
    masterAuthorizedNetworksConfigs: listed(cluster.masterAuthorizedNetworksConfig),
    databaseEncryptions: listed(cluster.databaseEncryption),
    workloadIdentityConfigs: listed(cluster.workloadIdentityConfig),
    datapathProvider: cluster.datapathProvider ?? "",
    enableShieldedNodes: cluster.enableShieldedNodes ?? false,
    enableLegacyAbac: cluster.enableLegacyAbac ?? false,
    nodePools: pools,
    loggingConfigs: listed(cluster.loggingConfig),
  };
}

function objectOf(value: Value | undefined): Properties {
  return isProperties(value) ? value : {};
}
