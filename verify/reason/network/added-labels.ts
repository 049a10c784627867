/** Labels that controllers add to the pods of a workload, beside those of its template. */
import { isObject, type Manifest } from "../input/manifests.ts";
import type { Labels } from "../labels.ts";

const jobName = ["job-name", "batch.kubernetes.io/job-name"];
const ofJob = ["controller-uid", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index"];

/** By group and kind: those whose values only the cluster tells. */
const added: Readonly<Record<string, readonly string[]>> = {
  "apps/Deployment": ["pod-template-hash"],
  "apps/StatefulSet": [
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
  ],
  "apps/DaemonSet": ["controller-revision-hash", "pod-template-generation"],
  "batch/Job": ofJob,
  "batch/CronJob": [...ofJob, ...jobName],
};

export function labelsOfPods(
  { group, kind, name, object }: Manifest,
  labels: Labels,
): { labels: Labels; isLabelTold(key: string): boolean } {
  const untold = added[`${group}/${kind}`] ?? [];
  if (`${group}/${kind}` !== "batch/Job") return { labels, isLabelTold: (key) => !untold.includes(key) };
  const isNamed = isObject(object.metadata) && Boolean(object.metadata.name);
  const named = isNamed ? Object.fromEntries(jobName.map((key) => [key, name])) : {};
  const unnamed = isNamed ? [] : jobName;
  return { labels: { ...labels, ...named }, isLabelTold: (key) => ![...untold, ...unnamed].includes(key) };
}
