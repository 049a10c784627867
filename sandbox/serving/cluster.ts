/** What the stand-in follows of the cluster, and the one thing that it writes there. */
import {
  CoreV1Api,
  CustomObjectsApi,
  DiscoveryV1Api,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  ListWatch,
  PatchStrategy,
  setHeaderOptions,
  type V1EndpointSlice,
  type V1Service,
  Watch,
} from "@kubernetes/client-node";
import { ingressClass } from "../../components/serving/contract.ts";
import { keepGoing } from "../../services/data/executor/followed.ts";
import type { Logger } from "../../services/shared/log.ts";
import { type Backends, classAnnotation, type Ingress, type IngressStatus, ingressApi } from "./ingress.ts";

export interface Followed extends Backends {
  ingresses(): Ingress[];
}

/** Resolves once all has been listed; from then on it follows the cluster, and tells of each change. */
export async function follow(
  config: KubeConfig,
  changed: () => void,
  log: Logger,
  signal: AbortSignal,
): Promise<Followed> {
  const custom = config.makeApiClient(CustomObjectsApi);
  const core = config.makeApiClient(CoreV1Api);
  const discovery = config.makeApiClient(DiscoveryV1Api);
  const { group, version, plural } = ingressApi;
  const watched = <T extends KubernetesObject>(path: string, list: () => Promise<KubernetesListObject<T>>) => {
    const watch = new ListWatch<T>(path, new Watch(config), list, false);
    for (const event of ["add", "update", "delete"] as const) watch.on(event, changed);
    signal.addEventListener("abort", () => void watch.stop(), { once: true });
    return watch;
  };
  const ingresses = watched<Ingress>(`/apis/${group}/${version}/${plural}`, () =>
    custom.listClusterCustomObject({ group, version, plural }),
  );
  const services = watched<V1Service>("/api/v1/services", () => core.listServiceForAllNamespaces());
  const slices = watched<V1EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices", () =>
    discovery.listEndpointSliceForAllNamespaces(),
  );
  const kept = <T extends KubernetesObject>(watch: ListWatch<T>) =>
    keepGoing(watch, { mayBeAbsent: false, log }, signal);
  await Promise.all([kept(ingresses), kept(services), kept(slices)]);
  return {
    ingresses: () =>
      ingresses
        .list()
        .filter(
          ({ metadata }) => !metadata.deletionTimestamp && metadata.annotations?.[classAnnotation] === ingressClass,
        ),
    service: (namespace, name) => services.get(name, namespace),
    slices: (namespace, name) =>
      slices.list(namespace).filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === name),
  };
}

export type WriteStatus = (ingress: Ingress, status: IngressStatus) => Promise<void>;

export function statusWriter(config: KubeConfig): WriteStatus {
  const custom = config.makeApiClient(CustomObjectsApi);
  const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  return async ({ metadata: { namespace = "", name = "" } }, status) => {
    await custom.patchNamespacedCustomObjectStatus({ ...ingressApi, namespace, name, body: { status } }, mergePatch);
  };
}
