/** A plane's cluster as its administrator reaches it: a service's pods, its replicas, its settings. */
import {
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { vi } from "vitest";
import type { Plane } from "../../sandbox/hosts.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import { platform } from "./kubectl.ts";
import { environment } from "./local-run.ts";

export function planeCluster(plane: Plane) {
  const namespace = platform[plane];
  const kube = keptKubeConfig();
  kube.loadFromFile(environment.kubeconfigs[plane]);
  const core = kube.makeApiClient(CoreV1Api);
  const apps = kube.makeApiClient(AppsV1Api);
  const coordination = kube.makeApiClient(CoordinationV1Api);

  const podsOf = async (service: string) => {
    const labelSelector = `app.kubernetes.io/name=${service}`;
    return (await core.listNamespacedPod({ namespace, labelSelector })).items;
  };

  const readyPods = async (service: string) =>
    (await podsOf(service)).filter(({ status }) =>
      status?.conditions?.some((is) => is.type === "Ready" && is.status === "True"),
    );

  async function scale(service: string, replicas: number): Promise<void> {
    const header = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    const body = { spec: { replicas } };
    await apps.patchNamespacedDeploymentScale({ namespace, name: service, body }, header);
    const settled = async () => {
      const pods = await podsOf(service);
      if (pods.length !== replicas || (await readyPods(service)).length !== replicas)
        throw new Error(`${service} has ${pods.length} pods`);
    };
    await vi.waitFor(settled, { timeout: 60_000, interval: 500 });
  }

  return {
    namespace,
    core,
    apps,
    custom: kube.makeApiClient(CustomObjectsApi),
    readyPods,

    /** Name of the pod that holds the service's Lease. */
    async leaderOf(service: string): Promise<string> {
      const { spec } = await coordination.readNamespacedLease({ namespace, name: service });
      // Pod, and a part that is new with each process.
      return (spec?.holderIdentity ?? "").replace(/-[^-]*$/, "");
    },

    /** At once, without a word to its process. */
    async killPod(name: string): Promise<void> {
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
    },

    /** What its pods are told by their environment. */
    async settingsOf(service: string): Promise<Record<string, string>> {
      const { spec } = await apps.readNamespacedDeployment({ namespace, name: service });
      const env = spec?.template.spec?.containers[0]?.env ?? [];
      return Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
    },

    /** Runs `work` while the service has no pod, and brings its pods back whatever comes. */
    async without<T>(service: string, work: () => Promise<T>): Promise<T> {
      const { spec } = await apps.readNamespacedDeployment({ namespace, name: service });
      await scale(service, 0);
      try {
        return await work();
      } finally {
        await scale(service, spec?.replicas ?? 1);
      }
    },
  };
}
