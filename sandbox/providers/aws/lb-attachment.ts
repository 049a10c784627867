/** Elastic Load Balancing: one target of a group. */
import type { TargetGroupAttachmentArgs } from "@pulumi/aws/lb/targetGroupAttachment.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { ifThere, type Plain } from "./helpers.ts";

// Registering is idempotent: the id says all that there is to know.
export const attachmentTypes = (cloud: Cloud): Types => ({
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": define<Plain<TargetGroupAttachmentArgs>>({
    async create({ targetGroupArn, targetId, port }) {
      await (await cloud.lb()).registerTargets({
        TargetGroupArn: targetGroupArn,
        Targets: [{ Id: targetId, Port: port }],
      });
      return [targetGroupArn, targetId, port ?? ""].join(",");
    },
    async read(id) {
      const [targetGroupArn = "", targetId = "", port] = id.split(",");
      const request = {
        TargetGroupArn: targetGroupArn,
        Targets: [{ Id: targetId, ...(port ? { Port: Number(port) } : {}) }],
      };
      const found = await ifThere((await cloud.lb()).describeTargetHealth(request));
      const target = found?.TargetHealthDescriptions?.[0];
      // The service answers `unused` with this reason for a target that it does not know.
      if (!target || target.TargetHealth?.Reason === "Target.NotRegistered") return undefined;
      const inputs = { targetGroupArn, targetId, ...(port ? { port: Number(port) } : {}) };
      return { inputs: properties(inputs), outputs: {} };
    },
    async delete(id) {
      const [TargetGroupArn = "", Id = "", port] = id.split(",");
      const Targets = [{ Id, ...(port ? { Port: Number(port) } : {}) }];
      await ifThere((await cloud.lb()).deregisterTargets({ TargetGroupArn, Targets }));
    },
  }),
});
