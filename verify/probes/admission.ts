/** Offers pods to each project's namespace by dry runs: admission judges them whole, and nothing is kept. */
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, type V1Pod, type V1ResourceRequirements } from "@kubernetes/client-node";
import { messageOf } from "../../shared/errors.ts";
import { keptKubeConfig } from "../../shared/kube-config.ts";
import type { ProbedAdmission } from "../facts-probes.ts";
import { type PlaneTarget, projectNamespaces } from "../target.ts";
import { restrictedPod } from "./pod.ts";

/** For pods that are on their way out to leave their place. */
const roomMs = 60_000;

/** Beyond what any plane has. */
const tooMuch: V1ResourceRequirements = {
  requests: { cpu: "1000000", memory: "1Pi" },
  limits: { cpu: "1000000", memory: "1Pi" },
};

/** @throws Error where even a modest pod is refused: a refusal of a greedy one would then not be the quota's. */
export async function probeAdmission(target: PlaneTarget): Promise<ProbedAdmission[]> {
  const config = keptKubeConfig();
  config.loadFromFile(target.kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const offer = (namespace: string, resources?: V1ResourceRequirements) =>
    api.createNamespacedPod({ namespace, dryRun: "All", body: offered(target, resources) });
  return Promise.all(
    projectNamespaces(target).map(async (namespace) => {
      const modest = await untilRoom(() => offer(namespace)).catch(closedOrNot);
      if (typeof modest === "string") {
        const nothing = { given: { requests: {}, limits: {} }, tooMuch: { refused: true, told: modest } };
        return { namespace, ...nothing, closed: modest };
      }
      const { requests = {}, limits = {} } = modest.spec?.containers[0]?.resources ?? {};
      const told = await offer(namespace, tooMuch).then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
      return {
        namespace,
        given: { requests, limits },
        tooMuch: { refused: told !== undefined, told: told ?? "accepted" },
      };
    }),
  );
}

/** Again for a while where the work of the moment fills the quota. @throws what was said last */
export async function untilRoom<T>(offer: () => Promise<T>, withinMs = roomMs, pauseMs = 1_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await offer();
    } catch (error) {
      if (!/exceeded quota: /.test(messageOf(error)) || isClosed(error) || Date.now() >= end) throw error;
      await sleep(pauseMs);
    }
  }
}

/** @returns the API server's words where the quota allows no pod at all. @throws what else it said */
export function closedOrNot(error: unknown): string {
  if (isClosed(error)) return messageOf(error);
  throw error;
}

const isClosed = (error: unknown) => /exceeded quota: [^"]*\blimited: (?:[^\s"]*,)?pods=0\b/.test(messageOf(error));

/** The image is never pulled. */
function offered(
  { registryHosts, repository, releasedDigests }: PlaneTarget,
  resources?: V1ResourceRequirements,
): V1Pod {
  const image = `${registryHosts[0]}/${repository}@${releasedDigests[0]}`;
  return restrictedPod({ name: "biplane-probe", image, command: ["true"], ...(resources ? { resources } : {}) });
}
