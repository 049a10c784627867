/** Reads a cluster: one paginated list a kind. Secret values are looked at here and leave as pattern names only. */
import {
  type KubernetesListObject,
  type KubernetesObject,
  KubernetesObjectApi,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
  type V1StatefulSet,
  type V1StorageClass,
} from "@kubernetes/client-node";
import { shipperNamespace } from "../../components/logs/contract.ts";
import { storeNamespace } from "../../components/metrics-store/contract.ts";
import { messageOf } from "../../shared/errors.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { Collected, Fact, Facts, MetricsStoreFact, ScannedObject } from "../facts.ts";
import { identityMapOf } from "./identity-map.ts";
import { metricsStoreOf } from "./metrics-store.ts";
import { redactObject } from "./redact.ts";
import { scanConfigMap, scanSecret } from "./scan.ts";
import { outputsOf } from "./shipper.ts";

const pageSize = 500;

const kinds = {
  namespaces: ["v1", "Namespace"],
  pods: ["v1", "Pod"],
  services: ["v1", "Service"],
  serviceAccounts: ["v1", "ServiceAccount"],
  resourceQuotas: ["v1", "ResourceQuota"],
  limitRanges: ["v1", "LimitRange"],
  deployments: ["apps/v1", "Deployment"],
  replicaSets: ["apps/v1", "ReplicaSet"],
  roles: ["rbac.authorization.k8s.io/v1", "Role"],
  clusterRoles: ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  roleBindings: ["rbac.authorization.k8s.io/v1", "RoleBinding"],
  clusterRoleBindings: ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  networkPolicies: ["networking.k8s.io/v1", "NetworkPolicy"],
  customResourceDefinitions: ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  admissionPolicies: ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
  admissionBindings: ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
} as const;

type ListedFacts = Pick<Collected, keyof typeof kinds | "scanned" | "shipperOutputs" | "identityMap">;

/** Of a customer's plane. @param kubeconfig file of an identity that may list these kinds; a refusal is recorded, never thrown. */
export async function collectKubernetes(kubeconfig: string): Promise<ListedFacts & Pick<Collected, "metricsStore">> {
  const api = connect(kubeconfig);
  const { facts, configMaps } = await readLists(api);
  return { ...facts, metricsStore: await readStore(api, configMaps) };
}

/** What is looked at in any plane's cluster. */
export async function collectLists(kubeconfig: string): Promise<ListedFacts> {
  return (await readLists(connect(kubeconfig))).facts;
}

async function readLists(api: KubernetesObjectApi) {
  const lists = await Promise.all(
    Object.entries(kinds).map(
      async ([name, [apiVersion, kind]]) => [name, redacted(await list(api, apiVersion, kind))] as const,
    ),
  );
  const facts = Object.fromEntries(lists) as { [K in keyof typeof kinds]: Fact<Facts[K]> };
  const [secrets, configMaps] = await Promise.all([list(api, "v1", "Secret"), list(api, "v1", "ConfigMap")]);
  const shipperOutputs = configMaps.read
    ? { ...configMaps, value: outputsOf(configMaps.value, shipperNamespace) }
    : configMaps;
  const scanned = scannedOf(secrets, configMaps);
  return { facts: { ...facts, scanned, shipperOutputs, identityMap: identityMapOf(configMaps) }, configMaps };
}

/** Every object of one kind beside those of `collectKubernetes`. */
export async function listOne(kubeconfig: string, apiVersion: string, kind: string): Promise<Fact<KubernetesObject[]>> {
  return redacted(await list(connect(kubeconfig), apiVersion, kind));
}

function redacted(fact: Fact<KubernetesObject[]>): Fact<KubernetesObject[]> {
  return fact.read ? { ...fact, value: fact.value.map(redactObject) } : fact;
}

function connect(kubeconfig: string): KubernetesObjectApi {
  const config = keptKubeConfig();
  config.loadFromFile(kubeconfig);
  return KubernetesObjectApi.makeApiClient(config);
}

async function readStore(
  api: KubernetesObjectApi,
  configMaps: Fact<KubernetesObject[]>,
): Promise<Fact<MetricsStoreFact>> {
  const [statefulSets, volumeClaims, volumes, storageClasses] = await Promise.all([
    list<V1StatefulSet>(api, "apps/v1", "StatefulSet"),
    list<V1PersistentVolumeClaim>(api, "v1", "PersistentVolumeClaim"),
    list<V1PersistentVolume>(api, "v1", "PersistentVolume"),
    list<V1StorageClass>(api, "storage.k8s.io/v1", "StorageClass"),
  ]);
  const all = [configMaps, statefulSets, volumeClaims, volumes, storageClasses];
  const request = all.map((one) => one.request).join("; ");
  if (!(configMaps.read && statefulSets.read && volumeClaims.read && volumes.read && storageClasses.read)) {
    const reason = all.flatMap((one) => (one.read ? [] : one.reason)).join("; ");
    return { read: false, reason, request };
  }
  const objects = {
    configMaps: configMaps.value,
    ...{ statefulSets: statefulSets.value, volumeClaims: volumeClaims.value },
    ...{ volumes: volumes.value, storageClasses: storageClasses.value },
  };
  return { read: true, request, value: metricsStoreOf(objects, storeNamespace) };
}

function scannedOf(secrets: Fact<KubernetesObject[]>, configMaps: Fact<KubernetesObject[]>): Fact<ScannedObject[]> {
  const request = `${secrets.request}; ${configMaps.request}`;
  if (!secrets.read) return { ...secrets, request };
  if (!configMaps.read) return { ...configMaps, request };
  return { read: true, request, value: [...secrets.value.map(scanSecret), ...configMaps.value.map(scanConfigMap)] };
}

async function list<T extends KubernetesObject>(
  api: KubernetesObjectApi,
  apiVersion: string,
  kind: string,
): Promise<Fact<T[]>> {
  const items: T[] = [];
  let pages = 0;
  let token: string | undefined;
  const request = () => `list ${apiVersion} ${kind}, all namespaces, ${pages} pages`;
  try {
    do {
      const page: KubernetesListObject<T> = await api.list<T>(
        apiVersion,
        kind,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        pageSize,
        token,
      );
      pages++;
      items.push(...page.items);
      token = page.metadata?._continue || undefined;
    } while (token);
    return { read: true, value: items, request: request() };
  } catch (error) {
    return { read: false, reason: firstLine(messageOf(error)), request: request() };
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.slice(0, 300) ?? "";
}
