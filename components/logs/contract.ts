/** Names by which the task pods' logs are shipped, kept and read. */
import type { Input } from "@pulumi/pulumi";

/** The namespace of the shipper, which is among the Pod Security exceptions. */
export const shipperNamespace = "union-logs";

/** As the documents name it, whichever program ships. */
export const shipperAccount = "fluentbit-system";

/** Name of the DaemonSet and label of its pods. */
export const shipperName = "log-shipper";

/** The log group of one plane's task pods. Plain, so that documents that name it are known in a preview. */
export function taskLogGroup(org: string, cluster: string): string {
  return `/biplane/${org}/${cluster}`;
}

/** Where every kubelet keeps the logs of its node's containers: `<namespace>_<pod>_<uid>/<container>/<restart>.log`. */
export const nodeLogs = "/var/log/pods";

/** Folder of each node in which the shipper notes how far it has come; nothing else is in it. */
export const nodeOffsets = "/var/lib/biplane-log-shipper";

/** What ships: Fluent Bit, or another program where Fluent Bit cannot be had. */
export const shipperKinds = ["fluent-bit", "telegraf"] as const;
export type ShipperKind = (typeof shipperKinds)[number];

/** Where task pods' logs are kept, and by what they come there: a shipper of ours, or the cluster's own agent. */
export type TaskLogSettings =
  | { logGroup: string; shipper: ShipperKind; image: string; roleArn: Input<string> }
  | {
      /** Log view in Cloud Logging, `projects/…/locations/…/buckets/…/views/…`. */
      view: Input<string>;
    }
  | {
      /** Log Analytics workspace, by the GUID that queries name it by. */
      workspace: Input<string>;
    };

/** Those that a shipper of ours must bring there. */
export type ShippedLogs = Extract<TaskLogSettings, { shipper: ShipperKind }>;

export function shippedLogs(logs: TaskLogSettings | undefined): ShippedLogs | undefined {
  return logs && "shipper" in logs ? logs : undefined;
}
