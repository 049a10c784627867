/** The pod of a build: made for it, and gone with it. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { renderBuildPod } from "../../../components/image-builder/build-pod.ts";
import { buildNamespace, buildPodName, buildPort } from "../../../components/image-builder/contract.ts";
import { nameLabel } from "../../../components/workloads/labels.ts";
import { unavailable } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";

interface Daemon {
  pod: string;
  /** host:port */
  address: string;
}

export interface Daemons {
  /** Runs `work` beside a daemon of its own. @throws ConnectError when none can be had in time */
  with<T>(signal: AbortSignal, work: (daemon: Daemon) => Promise<T>): Promise<T>;
  /** Takes away pods of builds that ended without whoever made them. */
  tidy(): Promise<void>;
}

export interface DaemonOptions {
  image: string;
  /** Of one build. */
  seconds: number;
  /** Until a pod must be ready: its image may have to be pulled. */
  startMs: number;
}

const namespace = buildNamespace;
const pollMs = 500;

export function kubernetesDaemons(kube: KubeConfig, log: Logger, options: DaemonOptions): Daemons {
  const core = kube.makeApiClient(CoreV1Api);
  const remove = async (name: string) => {
    try {
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 1 });
    } catch (error) {
      if (!(error instanceof ApiException) || error.code !== 404)
        log.warn("a build's pod could not be removed", { pod: name, error });
    }
  };

  async function ready(name: string, signal: AbortSignal): Promise<Daemon> {
    const giveUpAt = Date.now() + options.startMs;
    for (;;) {
      const { status } = await core.readNamespacedPod({ namespace, name });
      if (status?.conditions?.some(({ type, status: held }) => type === "Ready" && held === "True") && status.podIP)
        return { pod: name, address: `${status.podIP}:${buildPort}` };
      const ended = status?.phase === "Failed" || status?.phase === "Succeeded";
      if (ended || Date.now() > giveUpAt) {
        const waiting = status?.containerStatuses?.[0]?.state?.waiting;
        throw unavailable(`the build's pod is not ready: ${waiting?.message ?? waiting?.reason ?? status?.phase}`);
      }
      await sleep(pollMs, undefined, { signal });
    }
  }

  return {
    async with(signal, work) {
      const name = `build-${randomBytes(6).toString("hex")}`;
      const { image, seconds } = options;
      await core.createNamespacedPod({ namespace, body: renderBuildPod({ name, image, seconds }) });
      try {
        return await work(await ready(name, signal));
      } finally {
        await remove(name);
      }
    },
    async tidy() {
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: `${nameLabel}=${buildPodName}` });
      const ended = items.filter(({ status }) => status?.phase === "Failed" || status?.phase === "Succeeded");
      await Promise.all(ended.map(({ metadata }) => remove(metadata?.name ?? "")));
    },
  };
}
