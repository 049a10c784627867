/** Why the pods of a workload do not run, in words that name the pod, the container and the cause. */
import { isProperties, type Properties } from "../machine/values.ts";
import type { Cluster } from "./client.ts";
import { condition, section } from "./ready.ts";

export interface Trouble {
  text: string;
  /** Kubernetes tries again for ever; by now it is plain that it will not help. */
  hopeless: boolean;
}

/** With the back-off of the kubelet this many restarts take about a minute. */
const hopelessRestarts = 4;
/** These rarely mend themselves; an image or a secret that arrives late does so within seconds. */
const slowReasons = ["ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"];

export function podTrouble(pod: Properties): (Trouble & { container?: string; crashed: boolean }) | undefined {
  const name = String(section(pod.metadata).name);
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    return { text: `pod ${name} finds no node: ${scheduled.message}`, hopeless: false, crashed: false };
  }
  for (const status of statuses(pod)) {
    const container = String(status.name);
    const waiting = section(section(status.state).waiting);
    const ended = section(section(status.lastState).terminated ?? section(status.state).terminated);
    const crashed = ended.exitCode !== undefined && ended.exitCode !== 0;
    const reason = String(waiting.reason ?? "");
    if (crashed) {
      const code = `it ended with exit code ${ended.exitCode} (${ended.reason}), ${status.restartCount} restarts`;
      const hopeless = Number(status.restartCount) >= hopelessRestarts;
      return { text: `pod ${name}, container ${container}: ${code}`, hopeless, container, crashed };
    }
    if (reason && reason !== "ContainerCreating" && reason !== "PodInitializing") {
      const text = `pod ${name}, container ${container}: ${reason}: ${waiting.message ?? ""}`;
      return { text, hopeless: slowReasons.includes(reason), container, crashed };
    }
    if (section(status.state).running && status.ready === false) {
      return { text: `pod ${name}, container ${container}: it runs, but is not ready`, hopeless: false, crashed };
    }
  }
  return undefined;
}

/**
 * Of the first pod in trouble, with the last lines of its log if it crashed. It has a deadline of its own: the reason
 * is wanted most when the operation's deadline has come.
 */
export async function troubleOf(cluster: Cluster, namespace: string, labels: Properties): Promise<Trouble | undefined> {
  const signal = AbortSignal.timeout(15_000);
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const pods = await cluster.request("GET", `/api/v1/namespaces/${namespace}/pods`, {
    query: { labelSelector },
    signal,
  });
  const items = Array.isArray(pods?.items) ? pods.items.filter(isProperties) : [];
  for (const pod of items) {
    const found = podTrouble(pod);
    if (!found) continue;
    const log =
      found.crashed && found.container ? await lastLines(cluster, namespace, pod, found.container, signal) : "";
    return { text: `${found.text}${log}`, hopeless: found.hopeless };
  }
  return undefined;
}

async function lastLines(cluster: Cluster, namespace: string, pod: Properties, container: string, signal: AbortSignal) {
  const path = `/api/v1/namespaces/${namespace}/pods/${section(pod.metadata).name}/log?container=${container}&tailLines=8`;
  const running = await cluster.text(path, signal);
  // A container that has just restarted has said nothing yet: what it said before it died is what counts.
  const log = running.trim() ? running : await cluster.text(`${path}&previous=true`, signal);
  return `\n${log.trimEnd().replace(/^/gm, "    ")}`;
}

function statuses(pod: Properties): Properties[] {
  const status = section(pod.status);
  const lists = [status.initContainerStatuses, status.containerStatuses];
  return lists.flatMap((list) => (Array.isArray(list) ? list.filter(isProperties) : []));
}
