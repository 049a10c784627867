import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import type { CloudKeyReference } from "../encryption/gcp.ts";
import { type TaskLogScope, taskLogFilter } from "./gcp-plan.ts";

export interface GoogleTaskLogsArgs extends TaskLogScope {
  project: string;
  /** Seals the log bucket; for life. */
  key: CloudKeyReference;
  retentionDays: number;
  /** E-mail of the one account that reads them. */
  reader: pulumi.Input<string>;
  /** On: the kept logs cannot be destroyed. */
  dataProtection: boolean;
}

/**
 * Where the task pods' logs are kept: a log bucket of the plane's own in its region, under the customer's key, to which
 * a sink routes what GKE's agent writes of task pods' containers, and nothing else. They are kept out of the project's
 * default bucket, where whoever reads any log would read them, and one account reads them, by a view.
 * Proved by data-logs-in-aggregator, residency-region-chosen and tenant-separate-iam-boundaries.
 */
export class GoogleTaskLogs extends pulumi.ComponentResource {
  /** Of the log view, answered once logs come there and its reader may read them. */
  readonly view: pulumi.Output<string>;

  constructor(name: string, args: GoogleTaskLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:logs:GoogleTaskLogs", name, {}, opts);
    const { project, region, retentionDays, key, dataProtection } = args;
    const filter = taskLogFilter(args);
    const id = physicalName("google-resource", name);
    const bucket = new gcp.logging.ProjectBucketConfig(
      name,
      { project, location: region, bucketId: id, retentionDays, cmekSettings: { kmsKeyName: key.name } },
      { parent: this, protect: dataProtection },
    );
    const sink = new gcp.logging.ProjectSink(
      name,
      {
        ...{ project, name: id, filter, uniqueWriterIdentity: true },
        destination: pulumi.interpolate`logging.googleapis.com/${bucket.id}`,
        description: "Logs of task pods",
      },
      { parent: this },
    );
    const exclusion = new gcp.logging.ProjectExclusion(
      name,
      { project, name: id, filter, description: "Kept in the plane's own bucket" },
      { parent: this, dependsOn: [sink] },
    );
    const read = letRead(name, id, bucket, args, this);
    this.view = pulumi.all([read, exclusion.id]).apply(([view]) => view);
    this.registerOutputs({ view: this.view });
  }
}

/**
 * Where no task logs are kept: what GKE's agent writes of task pods' containers is kept nowhere, not even in the project's
 * default bucket, which lies in no region. Proved by residency-data-in-dp-only.
 */
export function dropTaskLogs(
  name: string,
  { project, ...scope }: TaskLogScope & { project: string },
  opts: pulumi.ComponentResourceOptions,
): void {
  new gcp.logging.ProjectExclusion(
    name,
    {
      ...{ project, name: physicalName("google-resource", name), filter: taskLogFilter(scope) },
      description: "Logs of task pods, which are kept nowhere",
    },
    opts,
  );
}

function letRead(
  name: string,
  id: string,
  bucket: gcp.logging.ProjectBucketConfig,
  { project, region, reader }: GoogleTaskLogsArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const view = new gcp.logging.LogView(
    name,
    { name: id, bucket: bucket.id, filter: 'resource.type = "k8s_container"', description: "Logs of task pods" },
    { parent },
  );
  const granted = new gcp.logging.LogViewIamMember(
    name,
    {
      ...{ parent: `projects/${project}`, location: region, bucket: id, name: view.name },
      role: "roles/logging.viewAccessor",
      member: pulumi.interpolate`serviceAccount:${reader}`,
    },
    { parent },
  );
  const path = `projects/${project}/locations/${region}/buckets/${id}/views/${id}`;
  return pulumi.all([view.id, granted.id]).apply(() => path);
}
