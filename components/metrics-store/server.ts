/** The store's one pod, pure: Prometheus on its disk, under the restricted standard. */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { joinChecksums } from "../workloads/files.ts";
import { labelsOf, selectorOf } from "../workloads/labels.ts";
import { containerSecurity, podSecurity } from "../workloads/pods.ts";
import { type FileSource, filesFolder } from "../workloads/service-spec.ts";
import { diskClaim, type MetricsStoreSettings, storeName, storePort } from "./contract.ts";
import { configFile, webFile } from "./settings.ts";

export interface ServerArgs extends Pick<MetricsStoreSettings, "image" | "retentionDays" | "sizeGiB"> {
  config: FileSource;
  tls: FileSource;
  /** The claim's own answer. */
  claim: Input<string>;
  /** PriorityClass. @default the cluster's own default */
  priority?: Input<string>;
}

const data = "/data";
/** Of the disk: what is being written and the blocks that are being joined are beside what is counted. */
const keptShare = 0.8;
/** A question may look at so many measures at once, at 16 bytes each. */
const maxSamples = 2_000_000;
/** Writes what it holds in memory to its disk. */
const stopSeconds = 120;
/** The log that it reads again after a kill can be long. */
const startSeconds = 900;

export function renderServer(args: ServerArgs): types.input.apps.v1.StatefulSetSpec {
  const { image, retentionDays, sizeGiB, config, tls, claim, priority } = args;
  const files = { config, tls };
  // It speaks to nobody without a certificate, and the kubelet has none.
  const probe = { tcpSocket: { port: "https" }, timeoutSeconds: 5 };
  return {
    serviceName: storeName,
    replicas: 1,
    selector: { matchLabels: selectorOf(storeName) },
    revisionHistoryLimit: 3,
    template: {
      metadata: { labels: labelsOf(storeName), annotations: { "biplane.dev/files": joinChecksums(files) } },
      spec: {
        serviceAccountName: storeName,
        automountServiceAccountToken: true,
        enableServiceLinks: false,
        ...(priority ? { priorityClassName: priority } : {}),
        terminationGracePeriodSeconds: stopSeconds,
        securityContext: { ...podSecurity, fsGroupChangePolicy: "OnRootMismatch" },
        containers: [
          {
            name: storeName,
            image,
            args: [
              `--config.file=${filesFolder}/config/${configFile}`,
              `--web.config.file=${filesFolder}/config/${webFile}`,
              `--web.listen-address=:${storePort}`,
              "--web.max-connections=64",
              `--storage.tsdb.path=${data}`,
              `--storage.tsdb.retention.time=${retentionDays}d`,
              `--storage.tsdb.retention.size=${Math.floor(sizeGiB * 1_024 * keptShare)}MB`,
              `--query.max-samples=${maxSamples}`,
              "--query.max-concurrency=4",
              "--query.timeout=20s",
            ],
            env: [{ name: "GOMEMLIMIT", value: "1700MiB" }],
            ports: [{ name: "https", containerPort: storePort }],
            startupProbe: { ...probe, periodSeconds: 2, failureThreshold: startSeconds / 2 },
            readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 },
            livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 6 },
            resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { cpu: "1", memory: "2Gi" } },
            securityContext: containerSecurity,
            volumeMounts: [
              { name: "data", mountPath: data },
              ...Object.keys(files).map((folder) => ({
                name: folder,
                mountPath: `${filesFolder}/${folder}`,
                readOnly: true,
              })),
            ],
          },
        ],
        volumes: [
          { name: "data", persistentVolumeClaim: { claimName: claim } },
          { name: "config", configMap: { name: config.name, defaultMode: 0o444 } },
          { name: "tls", secret: { secretName: tls.name, defaultMode: 0o440 } },
        ],
      },
    },
  };
}

/** The class is for this one claim: whoever wants a disk names another. */
export function renderDiskClass({ disk, keep }: Pick<MetricsStoreSettings, "disk"> & { keep: boolean }) {
  return {
    provisioner: disk.provisioner,
    parameters: disk.parameters,
    reclaimPolicy: keep ? "Retain" : "Delete",
    // In the zone where the pod is to run.
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
  };
}

export function renderDiskClaim(
  storageClassName: Input<string>,
  sizeGiB: number,
): types.input.core.v1.PersistentVolumeClaimSpec {
  return {
    accessModes: ["ReadWriteOnce"],
    storageClassName,
    resources: { requests: { storage: `${sizeGiB}Gi` } },
  };
}

/** Bound only when its pod is there: nobody is to wait for it before. */
export const claimMetadata = { name: diskClaim, annotations: { "pulumi.com/skipAwait": "true" } };
