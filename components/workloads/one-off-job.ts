import { createHash } from "node:crypto";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { joinChecksums } from "./files.ts";
import { labelsOf } from "./labels.ts";
import { renderServicePolicy, type Surroundings } from "./network-policy.ts";
import { renderPod } from "./pods.ts";
import type { FileSource, Reach } from "./service-spec.ts";

export interface OneOffJobArgs {
  /** Beginning of the Job's name, and the pods' label. */
  job: string;
  namespace: pulumi.Input<string>;
  image: string;
  entry: string;
  env: Record<string, pulumi.Input<string>>;
  files: Record<string, FileSource>;
  reaches: Reach[];
  around: Surroundings;
  /** PriorityClass. @default the cluster's own default */
  priority?: pulumi.Input<string>;
}

const retries = 6;
const deadlineSeconds = 600;

/** Work that is done once for each image and configuration: a change of either makes a new Job, nothing else does. */
export class OneOffJob extends pulumi.ComponentResource {
  /** What depends on it waits until the Job has succeeded. */
  readonly done: pulumi.Resource;

  constructor(name: string, args: OneOffJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:workloads:OneOffJob", name, {}, opts);
    const { job, namespace, image, entry, env, files, reaches, around, priority } = args;
    const labels = labelsOf(job);

    const spec = { name: job, entry, env, replicas: 1, reaches };
    // It serves nobody: there is nothing to measure or to trace.
    const toOutside = { ...around, scraper: undefined, collector: undefined };
    const policy = new kubernetes.networking.v1.NetworkPolicy(
      name,
      { metadata: { name: job, namespace, labels }, spec: renderServicePolicy(spec, [spec], toOutside) },
      { parent: this },
    );
    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: { name: job, namespace, labels }, automountServiceAccountToken: false },
      { parent: this },
    );
    this.done = new kubernetes.batch.v1.Job(
      name,
      {
        metadata: { name: pulumi.interpolate`${job}-${fingerprint(args)}`, namespace, labels },
        spec: {
          backoffLimit: retries,
          activeDeadlineSeconds: deadlineSeconds,
          template: {
            metadata: { labels },
            spec: {
              ...renderPod({ name: job, image, entry, env, files, serviceAccount: job, usesApi: false, priority }, {}),
              restartPolicy: "OnFailure",
            },
          },
        },
      },
      { parent: this, dependsOn: [policy, account] },
    );
    this.registerOutputs({});
  }
}

function fingerprint({ image, entry, env, files }: OneOffJobArgs): pulumi.Output<string> {
  return pulumi.all([pulumi.output(env), joinChecksums(files)]).apply(([values, checksums]) =>
    createHash("sha256")
      .update(JSON.stringify([image, entry, values, checksums]))
      .digest("hex")
      .slice(0, 8),
  );
}
