/** Reads what a given cluster is and what its kubeconfig may do there. Changes nothing. */
import type { Plane } from "../hosts.ts";
import { type MadeObject, madeObjects } from "./made.ts";
import type { OwnerApi } from "./owner-api.ts";
import { type Permission, permissions } from "./permissions.ts";

export interface ClusterNode {
  name: string;
  address?: string;
  architecture: string;
  /** Ready, and takes pods that tolerate nothing. */
  schedulable: boolean;
  allocatable: Record<string, string>;
}

export interface Survey {
  /** Of the namespace kube-system: one a cluster, for good. */
  uid: string;
  version: { gitVersion: string; major: string; minor: string };
  nodes: ClusterNode[];
  /** Resource requests of each pod that has not ended, by node. */
  requests: { node: string; requests: Record<string, string>[] }[];
  /** Where the API server itself listens: network policies see this port, not a balancer's. */
  apiPort: number;
  /** Cluster addresses of its DNS. */
  dnsServers: string[];
  issuer: string;
  discovery: Record<string, unknown>;
  keys: { keys: unknown[] };
  /** What the kubeconfig's user may not do. */
  refused: Permission[];
  /** Objects of our names that are there already. */
  present: MadeObject[];
}

interface List<T> {
  items: T[];
}

interface Pod {
  spec: { nodeName?: string; containers: { resources?: { requests?: Record<string, string> } }[] };
  status?: { phase?: string };
}

interface Node {
  metadata: { name: string };
  spec: { unschedulable?: boolean; taints?: { effect: string }[] };
  status: {
    addresses?: { type: string; address: string }[];
    allocatable: Record<string, string>;
    conditions?: { type: string; status: string }[];
    nodeInfo: { architecture: string; operatingSystem: string };
  };
}

/** @throws UserError when the cluster does not answer, or refuses to be read. */
export async function surveyCluster(api: OwnerApi, plane: Plane): Promise<Survey> {
  // By itself and first: it says best what is wrong with the address or the credentials.
  const { metadata } = await api.read<{ metadata: { uid: string } }>("/api/v1/namespaces/kube-system");
  const [version, nodes, pods, kubernetes, dns, discovery, keys, refused, present] = await Promise.all([
    api.read<Survey["version"]>("/version"),
    api.read<List<Node>>("/api/v1/nodes"),
    api.read<List<Pod>>("/api/v1/pods?resourceVersion=0"),
    api.read<{ subsets?: { ports?: { port: number }[] }[] }>("/api/v1/namespaces/default/endpoints/kubernetes"),
    api.send<{ spec?: { clusterIPs?: string[] } }>("GET", "/api/v1/namespaces/kube-system/services/kube-dns"),
    api.read<Record<string, unknown>>("/.well-known/openid-configuration"),
    api.read<Survey["keys"]>("/openid/v1/jwks"),
    refusedOf(api, plane),
    presentOf(api, plane),
  ]);
  return {
    uid: metadata.uid,
    version,
    nodes: nodes.items.filter(({ status }) => status.nodeInfo.operatingSystem === "linux").map(asNode),
    requests: pods.items
      .filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed")
      .map(({ spec }) => ({
        node: spec.nodeName ?? "",
        requests: spec.containers.map(({ resources }) => resources?.requests ?? {}),
      })),
    apiPort: kubernetes.subsets?.[0]?.ports?.[0]?.port ?? 443,
    dnsServers: dns.status === 200 ? (dns.body.spec?.clusterIPs ?? []).filter((address) => address.includes(".")) : [],
    issuer: String(discovery.issuer ?? ""),
    discovery,
    keys,
    refused,
    present,
  };
}

function asNode({ metadata, spec, status }: Node): ClusterNode {
  const ready = status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  const shut = spec.unschedulable === true || (spec.taints ?? []).some(({ effect }) => effect !== "PreferNoSchedule");
  return {
    name: metadata.name,
    address: status.addresses?.find(({ type }) => type === "InternalIP")?.address,
    architecture: status.nodeInfo.architecture,
    schedulable: ready && !shut,
    allocatable: status.allocatable,
  };
}

async function refusedOf(api: OwnerApi, plane: Plane): Promise<Permission[]> {
  const asked = permissions(plane);
  const allowed = await Promise.all(
    asked.map(async ({ group, resource, verb }) => {
      const { body } = await api.send<{ status?: { allowed?: boolean } }>(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes: { group, resource, verb } },
        },
      );
      return body.status?.allowed === true;
    }),
  );
  return asked.filter((_, index) => !allowed[index]);
}

async function presentOf(api: OwnerApi, plane: Plane): Promise<MadeObject[]> {
  const objects = madeObjects(plane);
  const answers = await Promise.all(objects.map(({ path }) => api.send("GET", path)));
  return objects.filter((_, index) => answers[index]?.status === 200);
}
