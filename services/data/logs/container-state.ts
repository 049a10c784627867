/** What a pod says of one of its containers, so far as its log is concerned. Pure. */
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";

export type ContainerState = (
  | { is: "waiting" | "never" | "gone" }
  /** `attempt`: its id, another one after each restart. */
  | { is: "running"; attempt: string }
  | { is: "ended"; attempt: string; restarts: boolean }
) & {
  /** The id of the attempt that ended before this one, whose log is kept until the next one ends. */
  before?: string | undefined;
};

export function containerState(pod: V1Pod | undefined, container: string): ContainerState {
  if (!pod) return { is: "gone" };
  const statuses: V1ContainerStatus[] = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ];
  const { state, lastState, containerID: attempt = "" } = statuses.find(({ name }) => name === container) ?? {};
  // Without an id the kubelet has none to tell of.
  const before = lastState?.terminated?.containerID || undefined;
  if (state?.running) return { is: "running", attempt, before };
  const over = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
  if (state?.terminated) {
    return { is: "ended", attempt, restarts: !over && restarts(pod, state.terminated.exitCode), before };
  }
  return { is: over ? "never" : "waiting", before };
}

/** The kubelet begins nothing anew in a pod that is being deleted. */
function restarts({ metadata, spec }: V1Pod, exitCode: number): boolean {
  if (metadata?.deletionTimestamp) return false;
  return spec?.restartPolicy === "Always" || (spec?.restartPolicy === "OnFailure" && exitCode !== 0);
}
