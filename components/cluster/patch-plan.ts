/** When each zone's nodes are patched, and what is asked of EKS. */

/** EventBridge Scheduler's universal target: an operation of an AWS service. */
export const patchTarget = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion";

const days = ["TUE", "WED", "THU"] as const;

/**
 * A zone a day, in the middle of the week, so that a release that is no good has been in one zone before it comes to the
 * next. More zones than days share them.
 *
 * @returns zone → cron expression, in UTC.
 */
export function planPatching(zones: readonly string[]): Map<string, string> {
  const ordered = [...new Set(zones)].toSorted();
  return new Map(ordered.map((zone, at) => [zone, `cron(0 3 ? * ${days[at % days.length]} *)`]));
}

/** No release is named, so that EKS takes the newest of the group's own image and Kubernetes version. */
export function patchInput(clusterName: string, nodegroupName: string): string {
  return JSON.stringify({ ClusterName: clusterName, NodegroupName: nodegroupName });
}
