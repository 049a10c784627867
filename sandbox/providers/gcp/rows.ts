/** The types that the sandbox knows of Google Cloud, one row each: where its API has them and what only it can say. */
import type { Properties } from "../machine/values.ts";

export interface Row {
  /** Path in the API, which is the id too. */
  path(inputs: Properties): string;
  outputs?(inputs: Properties, path: string): Properties;
  /** Beside what names it. */
  replaceOn?: readonly string[];
  /** The API knows no deletion: what is destroyed stays, under its name. */
  stays?: boolean;
}

/** Of the one project that the sandbox has. */
export const projectNumber = "123456789012";

const text = (value: unknown) => String(value ?? "");
const compute = (kind: string, scope: (inputs: Properties) => string): Row["path"] => {
  return (inputs) => `projects/${text(inputs.project)}/${scope(inputs)}/${kind}/${text(inputs.name)}`;
};
const global = () => "global";
const regional = ({ region }: Properties) => `regions/${text(region)}`;
const zonal = ({ zone }: Properties) => `zones/${text(zone)}`;
const linked: Row["outputs"] = (_, path) => ({ selfLink: `https://www.googleapis.com/compute/v1/${path}` });

/** Private addresses count up from here, public ones come from a documentation network. */
const addressOf = (path: string, [network, size]: readonly [string, number]) => {
  const sum = [...path].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % size, 7);
  return `${network}.${sum + 1}`;
};

export const rows: Readonly<Record<string, Row>> = {
  "gcp:projects/service:Service": {
    path: ({ project, service }) => `projects/${text(project)}/services/${text(service)}`,
  },
  "gcp:projects/serviceIdentity:ServiceIdentity": {
    path: ({ project, service }) => `projects/${text(project)}/services/${text(service)}/identity`,
    outputs: ({ service }) => {
      const agent = text(service).split(".")[0];
      const host = agent === "container" ? "container-engine-robot" : `gcp-sa-${agent}`;
      const email = `service-${projectNumber}@${host}.iam.gserviceaccount.com`;
      return { email, member: `serviceAccount:${email}` };
    },
  },
  "gcp:projects/iAMCustomRole:IAMCustomRole": {
    path: ({ project, roleId }) => `projects/${text(project)}/roles/${text(roleId)}`,
    outputs: (_, path) => ({ name: path, deleted: false }),
  },
  "gcp:orgpolicy/policy:Policy": { path: ({ name }) => text(name), replaceOn: ["parent"] },
  "gcp:serviceaccount/account:Account": {
    path: ({ project, accountId }) => `projects/${text(project)}/serviceAccounts/${emailOf(accountId, project)}`,
    outputs: ({ accountId, project }, path) => {
      const email = emailOf(accountId, project);
      return { email, member: `serviceAccount:${email}`, name: path, uniqueId: String(path.length * 1e15) };
    },
  },
  "gcp:compute/network:Network": { path: compute("networks", global), outputs: linked },
  "gcp:compute/subnetwork:Subnetwork": {
    path: compute("subnetworks", regional),
    outputs: (inputs, path) => ({
      ...linked(inputs, path),
      gatewayAddress: text(inputs.ipCidrRange).split("/")[0] ?? "",
    }),
    replaceOn: ["ipCidrRange", "network", "purpose"],
  },
  "gcp:compute/firewall:Firewall": { path: compute("firewalls", global), outputs: linked, replaceOn: ["network"] },
  "gcp:compute/address:Address": {
    path: compute("addresses", regional),
    outputs: (inputs, path) => {
      const from = inputs.addressType === "INTERNAL" ? (["10.9.0", 200] as const) : (["203.0.113", 200] as const);
      return { ...linked(inputs, path), address: addressOf(path, from) };
    },
    replaceOn: ["addressType", "subnetwork"],
  },
  "gcp:compute/router:Router": { path: compute("routers", regional), outputs: linked, replaceOn: ["network"] },
  "gcp:compute/routerNat:RouterNat": {
    path: ({ project, region, router, name }) =>
      `projects/${text(project)}/regions/${text(region)}/routers/${text(router)}/nats/${text(name)}`,
    replaceOn: ["router"],
  },
  "gcp:compute/networkEndpointGroup:NetworkEndpointGroup": {
    path: compute("networkEndpointGroups", zonal),
    outputs: linked,
    replaceOn: ["network", "networkEndpointType"],
  },
  "gcp:compute/networkEndpoint:NetworkEndpoint": {
    path: ({ project, zone, networkEndpointGroup, ipAddress, port }) =>
      `projects/${text(project)}/zones/${text(zone)}/networkEndpointGroups/${text(networkEndpointGroup)}/${text(ipAddress)}/${text(port)}`,
  },
  "gcp:compute/regionHealthCheck:RegionHealthCheck": { path: compute("healthChecks", regional), outputs: linked },
  "gcp:compute/regionBackendService:RegionBackendService": {
    path: compute("backendServices", regional),
    outputs: linked,
  },
  "gcp:compute/regionTargetTcpProxy:RegionTargetTcpProxy": {
    path: compute("targetTcpProxies", regional),
    outputs: linked,
    replaceOn: ["backendService"],
  },
  "gcp:compute/forwardingRule:ForwardingRule": {
    path: compute("forwardingRules", regional),
    outputs: (inputs, path) => ({ ...linked(inputs, path), pscConnectionId: String(path.length) }),
    replaceOn: ["ipAddress", "network", "subnetwork", "loadBalancingScheme"],
  },
  "gcp:compute/serviceAttachment:ServiceAttachment": {
    path: compute("serviceAttachments", regional),
    outputs: linked,
    replaceOn: ["targetService"],
  },
  "gcp:container/cluster:Cluster": {
    path: ({ project, location, name }) =>
      `projects/${text(project)}/locations/${text(location)}/clusters/${text(name)}`,
    outputs: ({ minMasterVersion, masterAuth }, path) => ({
      masterVersion: `${text(minMasterVersion)}.1-gke.1829001`,
      endpoint: addressOf(path, ["10.40.128", 13]),
      masterAuth: { ...(typeof masterAuth === "object" ? masterAuth : {}), clusterCaCertificate: "Y2E=" },
    }),
    replaceOn: ["network", "subnetwork", "datapathProvider"],
  },
  "gcp:container/nodePool:NodePool": {
    path: ({ project, location, cluster, name }) =>
      `projects/${text(project)}/locations/${text(location)}/clusters/${text(cluster)}/nodePools/${text(name)}`,
    replaceOn: ["cluster"],
  },
  "gcp:storage/bucket:Bucket": {
    path: ({ name }) => `b/${text(name)}`,
    outputs: ({ name }) => ({ url: `gs://${text(name)}`, projectNumber: Number(projectNumber) }),
    replaceOn: ["location"],
  },
  "gcp:kms/keyRing:KeyRing": {
    path: ({ project, location, name }) =>
      `projects/${text(project)}/locations/${text(location)}/keyRings/${text(name)}`,
    stays: true,
  },
  "gcp:kms/cryptoKey:CryptoKey": {
    path: ({ keyRing, name }) => `${text(keyRing)}/cryptoKeys/${text(name)}`,
    outputs: (_, path) => ({ primaries: [{ name: `${path}/cryptoKeyVersions/1`, state: "ENABLED" }] }),
    replaceOn: ["keyRing", "purpose"],
    stays: true,
  },
  "gcp:artifactregistry/repository:Repository": {
    path: ({ project, location, repositoryId }) =>
      `projects/${text(project)}/locations/${text(location)}/repositories/${text(repositoryId)}`,
    outputs: ({ repositoryId }) => ({ name: text(repositoryId) }),
    replaceOn: ["format", "kmsKeyName"],
  },
  "gcp:logging/projectBucketConfig:ProjectBucketConfig": {
    path: ({ project, location, bucketId }) =>
      `projects/${text(project)}/locations/${text(location)}/buckets/${text(bucketId)}`,
    outputs: (_, path) => ({ name: path, lifecycleState: "ACTIVE" }),
  },
  "gcp:logging/projectSink:ProjectSink": {
    path: ({ project, name }) => `projects/${text(project)}/sinks/${text(name)}`,
    outputs: () => ({
      writerIdentity: `serviceAccount:service-${projectNumber}@gcp-sa-logging.iam.gserviceaccount.com`,
    }),
  },
  "gcp:logging/projectExclusion:ProjectExclusion": {
    path: ({ project, name }) => `projects/${text(project)}/exclusions/${text(name)}`,
  },
  "gcp:logging/logView:LogView": { path: ({ bucket, name }) => `${text(bucket)}/views/${text(name)}` },
  "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
    path: ({ project, workloadIdentityPoolId }) =>
      `projects/${text(project)}/locations/global/workloadIdentityPools/${text(workloadIdentityPoolId)}`,
    outputs: ({ workloadIdentityPoolId }) => ({ name: poolName(workloadIdentityPoolId), state: "ACTIVE" }),
  },
  "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
    path: ({ project, workloadIdentityPoolId, workloadIdentityPoolProviderId }) =>
      `projects/${text(project)}/locations/global/workloadIdentityPools/${text(workloadIdentityPoolId)}/providers/${text(workloadIdentityPoolProviderId)}`,
    outputs: ({ workloadIdentityPoolId, workloadIdentityPoolProviderId }) => ({
      name: `${poolName(workloadIdentityPoolId)}/providers/${text(workloadIdentityPoolProviderId)}`,
      state: "ACTIVE",
    }),
  },
};

function poolName(id: unknown): string {
  return `projects/${projectNumber}/locations/global/workloadIdentityPools/${text(id)}`;
}

function emailOf(accountId: unknown, project: unknown): string {
  return `${text(accountId)}@${text(project)}.iam.gserviceaccount.com`;
}

/** Members of allow policies, by the resource whose policy it is. */
export const policies: Readonly<Record<string, (inputs: Properties) => string>> = {
  "gcp:projects/iAMMember:IAMMember": ({ project }) => `projects/${text(project)}`,
  "gcp:serviceaccount/iAMMember:IAMMember": ({ serviceAccountId }) => text(serviceAccountId),
  "gcp:storage/bucketIAMMember:BucketIAMMember": ({ bucket }) => `b/${text(bucket)}`,
  "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": ({ cryptoKeyId }) => text(cryptoKeyId),
  "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": ({ project, location, repository }) =>
    `projects/${text(project)}/locations/${text(location)}/repositories/${text(repository)}`,
  "gcp:logging/logViewIamMember:LogViewIamMember": ({ parent, location, bucket, name }) =>
    `${text(parent)}/locations/${text(location)}/buckets/${text(bucket)}/views/${text(name)}`,
};
