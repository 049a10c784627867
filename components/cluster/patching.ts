/** Nodes that take their image's patches by themselves: EventBridge asks EKS once a week, a zone a day. */
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../../shared/names.ts";
import { NarrowRole } from "../identity/narrow-role.ts";
import type { Tags } from "../ownership/tags.ts";
import { patchInput, patchTarget, planPatching } from "./patch-plan.ts";

export interface NodePatchingArgs {
  region: string;
  account: pulumi.Input<string>;
  clusterName: string;
  /** The cluster's node groups; `name` once the group is there. */
  groups: { key: string; zone: string; name: pulumi.Input<string> }[];
  tags: Tags;
}

/**
 * A schedule for each node group, and the one role by which they ask: the newest release of the group's own image, at the
 * group's own Kubernetes version, one node after the other, never past a disruption budget.
 * Proved by cp-automated-patching.
 */
export class NodePatching extends pulumi.ComponentResource {
  constructor(name: string, args: NodePatchingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:cluster:NodePatching", name, {}, opts);
    const { region, account, clusterName, tags } = args;
    const place = { region, account, cluster: clusterName, tags };
    const role = new NarrowRole(name, { kind: "node-patching", ...place }, { parent: this });
    const times = planPatching(args.groups.map(({ zone }) => zone));

    for (const { key, zone, name: group } of args.groups) {
      new aws.scheduler.Schedule(
        `${name}-${key}`,
        {
          name: physicalName("schedule", clusterName, "patch", key),
          description: `Newest node image for ${clusterName}'s group ${key}`,
          scheduleExpression: times.get(zone) ?? "",
          scheduleExpressionTimezone: "UTC",
          flexibleTimeWindow: { mode: "FLEXIBLE", maximumWindowInMinutes: 60 },
          target: {
            arn: patchTarget,
            roleArn: role.arn,
            input: pulumi.output(group).apply((nodegroupName) => patchInput(clusterName, nodegroupName)),
            // An update that runs already refuses another: what was missed comes next week.
            retryPolicy: { maximumEventAgeInSeconds: 3_600, maximumRetryAttempts: 3 },
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}
