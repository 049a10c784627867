/** Caches of our Knative Services and their revisions, per project namespace, kept by list and watch. */
import {
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  ListWatch,
  Watch,
} from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import { type Cache, cacheOf, keepGoing } from "../executor/followed.ts";
import type { Served } from "../executor/informers.ts";
import { type KnativeRevision, type KnativeService, labels, manager, servingApi } from "./knative.ts";

export interface AppCaches {
  services: Cache<KnativeService>;
  revisions: Cache<KnativeRevision>;
}

/** @param changed hears of whatever changed of the app of that namespace and name */
export type Changed = (namespace: string, name: string) => void;

/** Resolves once every namespace has been listed; from then on the caches follow the cluster, until the signal aborts. */
export async function followApps(
  config: KubeConfig,
  { namespaces, onDemand }: Served,
  changed: Changed,
  log: Logger,
  signal: AbortSignal,
): Promise<AppCaches> {
  const custom = config.makeApiClient(CustomObjectsApi);
  const selector = `${labels.managedBy}=${manager}`;
  const watched = <T extends KubernetesObject>(plural: string) => {
    const watches = namespaces.map((namespace): [string, ListWatch<T>] => {
      const list = (): Promise<KubernetesListObject<T>> =>
        custom.listNamespacedCustomObject({ ...servingApi, plural, namespace, labelSelector: selector });
      const path = `/apis/${servingApi.group}/${servingApi.version}/namespaces/${namespace}/${plural}`;
      const watch = new ListWatch<T>(path, new Watch(config), list, false, selector);
      const tell = ({ metadata }: KubernetesObject) => changed(namespace, metadata?.labels?.[labels.app] ?? "");
      watch.on("change", tell);
      watch.on("delete", tell);
      return [namespace, watch];
    });
    return new Map(watches);
  };
  const revisions = watched<KnativeRevision>("revisions");
  const services = watched<KnativeService>("services");
  const all = [...revisions, ...services];
  signal.addEventListener("abort", () => void Promise.all(all.map(([, watch]) => watch.stop())), { once: true });
  const followed = <T extends KubernetesObject>(watches: Map<string, ListWatch<T>>) =>
    [...watches].map(([namespace, watch]) => keepGoing(watch, { mayBeAbsent: onDemand.has(namespace), log }, signal));
  // Revisions first: a Service whose revision is not known yet would look as if it had no pod.
  await Promise.all(followed(revisions));
  await Promise.all(followed(services));
  return { services: cacheOf(services), revisions: cacheOf(revisions) };
}
