/**
 * What a pod gets when it is made. From EKS (amazon-eks-pod-identity-webhook): the projected token and the variables of
 * the role that its service account names. From the network: on one machine the public names have certificates of the
 * sandbox's authority, which a pod's programs must be told to trust, and the cloud has another endpoint. In Google Cloud a
 * pod asks the node's metadata server who it is (gke/), and is given nothing for it; in Azure it is given what AKS gives.
 */
import { awsRegion, names } from "../hosts.ts";
import type { Cloud } from "../model.ts";
import { federated, storeOf } from "./aks/pod-identity.ts";

const roleAnnotation = "eks.amazonaws.com/role-arn";
const audienceAnnotation = "eks.amazonaws.com/audience";
const tokenFolder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const trustFolder = "/var/run/secrets/biplane.test";
const trustFile = `${trustFolder}/ca.crt`;
const authorityAnnotation = "sandbox.biplane.dev/authority";
const fromAnnotation = {
  downwardAPI: {
    items: [{ path: "ca.crt", fieldRef: { fieldPath: `metadata.annotations['${authorityAnnotation}']` } }],
  },
};
const files = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];
/** Of the services' calls, and of the client's object store in tasks. */
const endpoints: Record<Cloud, { url: string; variables: string[] }> = {
  aws: { url: `https://${names.aws}`, variables: ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "FLYTE_AWS_ENDPOINT"] },
  gcp: { url: `https://${names.google}`, variables: ["GOOGLE_ENDPOINT_URL", "GOOGLE_BASE_URL"] },
  azure: { url: `https://${names.azure}`, variables: ["AZURE_ENDPOINT_URL"] },
};
/** As EKS asks for. */
const tokenSeconds = 86_400;

interface Named {
  name: string;
}

export interface Container extends Named {
  env?: (Named & { value?: string })[];
  volumeMounts?: (Named & { mountPath: string })[];
}

/** The part of a pod that is read. */
export interface Pod {
  metadata: {
    name?: string;
    generateName?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: { containers: Container[]; initContainers?: Container[]; volumes?: Named[]; hostAliases?: HostAlias[] };
}

interface HostAlias {
  ip: string;
  hostnames: string[];
}

/** What a cluster lacks that is not ours: it knows neither our authority nor our names. */
export interface Elsewhere {
  /** PEM. */
  authority: string;
  /** Name → address. */
  hosts: Record<string, string>;
}

/** Whose cluster the pod is in. */
export interface PodPlace {
  /** @default aws */
  cloud?: Cloud;
  /** Of a given cluster. @default the node's own */
  elsewhere?: Elsewhere;
}

export interface PatchOperation {
  op: "add";
  path: string;
  value: unknown;
}

export interface Gift {
  env: Record<string, string>;
  volume: Named;
  mountPath: string;
}

/**
 * @param namespace of the request: the pod itself may not carry it yet.
 * @param annotations of the pod's service account.
 * @returns JSON Patch (RFC 6902). Variables, volumes and mounts that the pod has itself are left as they are.
 */
export function patchPod(
  pod: Pod,
  namespace: string,
  annotations: Record<string, string>,
  { cloud = "aws", elsewhere }: PodPlace = {},
): PatchOperation[] {
  const identity = {
    aws: () => role(pod, namespace, annotations),
    gcp: () => [],
    azure: () => federated(pod, annotations),
  };
  const gifts = [trust(cloud, elsewhere), ...identity[cloud]()];
  const volumes = pod.spec.volumes ?? [];
  const operations: PatchOperation[] = [
    ...(elsewhere ? bring(pod, elsewhere) : []),
    {
      op: "add",
      path: "/spec/volumes",
      value: missing(
        volumes,
        gifts.map(({ volume }) => volume),
      ),
    },
  ];
  for (const kind of ["containers", "initContainers"] as const)
    for (const [index, container] of (pod.spec[kind] ?? []).entries())
      operations.push(...patchContainer(`/spec/${kind}/${index}`, container, gifts, cloud));
  return operations;
}

function patchContainer(path: string, container: Container, gifts: Gift[], cloud: Cloud): PatchOperation[] {
  const own = cloud === "azure" ? storeOf(container) : {};
  const env = [...gifts.map((gift) => gift.env), own].flatMap((variables) =>
    Object.entries(variables).map(([name, value]) => ({ name, value })),
  );
  const mounts = container.volumeMounts ?? [];
  const free = gifts.filter(({ mountPath }) => !mounts.some((mount) => mount.mountPath === mountPath));
  const added = free.map(({ volume, mountPath }) => ({ name: volume.name, mountPath, readOnly: true }));
  return [
    { op: "add", path: `${path}/env`, value: missing(container.env ?? [], env) },
    { op: "add", path: `${path}/volumeMounts`, value: [...mounts, ...added] },
  ];
}

/** Those that exist, then the new ones whose name is not taken. */
function missing<T extends Named>(existing: T[], added: T[]): T[] {
  return [...existing, ...added.filter(({ name }) => !existing.some((each) => each.name === name))];
}

/** With the pod itself, so that nothing of it stays when the pod goes. */
function bring({ metadata, spec }: Pod, { authority, hosts }: Elsewhere): PatchOperation[] {
  const aliases = Object.entries(Object.groupBy(Object.entries(hosts), ([, address]) => address)).map(
    ([ip, names = []]) => ({ ip, hostnames: names.map(([name]) => name) }),
  );
  return [
    { op: "add", path: "/metadata/annotations", value: { ...metadata.annotations, [authorityAnnotation]: authority } },
    { op: "add", path: "/spec/hostAliases", value: [...(spec.hostAliases ?? []), ...aliases] },
  ];
}

/** A node's own clusters have the authority as their root certificate; elsewhere the pod carries it itself. */
function trust(cloud: Cloud, elsewhere: Elsewhere | undefined): Gift {
  const { url, variables } = endpoints[cloud];
  return {
    env: Object.fromEntries([...files.map((name) => [name, trustFile]), ...variables.map((name) => [name, url])]),
    volume: { name: "biplane-trust", ...(elsewhere ? fromAnnotation : { configMap: { name: "kube-root-ca.crt" } }) },
    mountPath: trustFolder,
  };
}

function role(pod: Pod, namespace: string, annotations: Record<string, string>): Gift[] {
  const arn = annotations[roleAnnotation];
  if (arn === undefined || arn === "") return [];
  const token = {
    serviceAccountToken: {
      audience: annotations[audienceAnnotation] ?? "sts.amazonaws.com",
      expirationSeconds: tokenSeconds,
      path: "token",
    },
  };
  return [
    {
      env: {
        AWS_ROLE_ARN: arn,
        AWS_WEB_IDENTITY_TOKEN_FILE: `${tokenFolder}/token`,
        AWS_REGION: awsRegion,
        AWS_DEFAULT_REGION: awsRegion,
        AWS_STS_REGIONAL_ENDPOINTS: "regional",
        AWS_ROLE_SESSION_NAME: sessionName(pod, namespace),
      },
      volume: { name: "aws-iam-token", ...{ projected: { sources: [token] } } },
      mountPath: tokenFolder,
    },
  ];
}

/** At most 64 of the characters that STS allows. A pod that is still to be named goes by the name it will begin with. */
function sessionName(pod: Pod, namespace: string): string {
  const name = pod.metadata.name ?? pod.metadata.generateName?.replace(/-$/, "") ?? "pod";
  return `${namespace}.${name}`.replace(/[^\w+=,.@-]/g, "-").slice(0, 64);
}
