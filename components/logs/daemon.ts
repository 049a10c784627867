/** The shipper's pods, pure: what a log shipper needs of the nodes, and nothing more. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import type { FileSource } from "../workloads/service-spec.ts";
import { nodeLogs, nodeOffsets, type ShipperKind, shipperAccount, shipperName } from "./contract.ts";
import { offsetsFolder } from "./settings.ts";
import { shippers } from "./shippers.ts";

export interface DaemonArgs {
  kind: ShipperKind;
  /** By digest. */
  image: string;
  region: string;
  files: FileSource;
  /** PriorityClass. @default the cluster's own default */
  priority?: Input<string>;
}

const filesFolder = "/etc/log-shipper";

/** Longer than the shipper gives what it has read to leave. */
const stopSeconds = 30;

/**
 * The nodes' log files are root's, and so is the folder that the kubelet makes for the offsets. So it is root, and as
 * their owner needs not one capability: it can neither pass by a file's permissions nor do what only root may.
 */
const podSecurity = { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } };
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

export function renderDaemon({ kind, image, region, files, priority }: DaemonArgs): types.input.apps.v1.DaemonSetSpec {
  const { args, env } = shippers[kind];
  return {
    selector: { matchLabels: selectorOf(shipperName) },
    // It listens nowhere, so this is how a configuration that it refuses holds up the next node's.
    minReadySeconds: 10,
    // The old one ends first: two on one node would send everything twice.
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    template: {
      metadata: { labels: labelsOf(shipperName), annotations: { "biplane.dev/files": files.checksum } },
      spec: {
        serviceAccountName: shipperAccount,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        ...(priority ? { priorityClassName: priority } : {}),
        // On every node: there is none that runs no tasks.
        tolerations: [{ operator: "Exists" }],
        terminationGracePeriodSeconds: stopSeconds,
        securityContext: podSecurity,
        containers: [
          {
            name: shipperName,
            image,
            args: args(filesFolder),
            env: Object.entries({ AWS_REGION: region, ...env }).map(([name, value]) => ({ name, value })),
            resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
            securityContext: containerSecurity,
            volumeMounts: [
              { name: "files", mountPath: filesFolder, readOnly: true },
              { name: "logs", mountPath: nodeLogs, readOnly: true },
              { name: "offsets", mountPath: offsetsFolder },
            ],
          },
        ],
        volumes: [
          { name: "files", configMap: { name: files.name, defaultMode: 0o444 } },
          { name: "logs", hostPath: { path: nodeLogs, type: "Directory" } },
          { name: "offsets", hostPath: { path: nodeOffsets, type: "DirectoryOrCreate" } },
        ],
      },
    },
  };
}
