/** EventBridge Scheduler: what is to happen, and when. Kept by the emulator, which lets nothing happen. */
import type { CreateScheduleInput, GetScheduleOutput } from "@aws-sdk/client-scheduler";
import type { ScheduleArgs } from "@pulumi/aws/scheduler/schedule.js";
import { define, properties, type Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { ifThere, need, type Plain } from "./helpers.ts";

const group = "default";

export const schedulerTypes = (cloud: Cloud): Types => ({
  "aws:scheduler/schedule:Schedule": define<Plain<ScheduleArgs>>({
    named: { property: "name", max: 64 },
    replaceOn: ["name"],
    async create(inputs) {
      await (await cloud.scheduler()).createSchedule(toSchedule(inputs));
      return `${group}/${inputs.name}`;
    },
    async read(id) {
      const held = await ifThere((await cloud.scheduler()).getSchedule({ GroupName: group, Name: nameOf(id) }));
      return held && { inputs: properties(fromSchedule(held)), outputs: properties({ arn: held.Arn }) };
    },
    async update(_id, inputs) {
      await (await cloud.scheduler()).updateSchedule(toSchedule(inputs));
    },
    async delete(id) {
      await ifThere((await cloud.scheduler()).deleteSchedule({ GroupName: group, Name: nameOf(id) }));
    },
    find: async ({ name }) => `${group}/${name}`,
  }),
});

const nameOf = (id: string) => id.slice(group.length + 1);

function toSchedule(inputs: Plain<ScheduleArgs>): CreateScheduleInput {
  const { arn, roleArn, input, retryPolicy } = inputs.target;
  return {
    Name: need(inputs.name, "the schedule's name"),
    GroupName: group,
    Description: inputs.description,
    ScheduleExpression: inputs.scheduleExpression,
    ScheduleExpressionTimezone: inputs.scheduleExpressionTimezone,
    FlexibleTimeWindow: {
      Mode: inputs.flexibleTimeWindow.mode as "FLEXIBLE" | "OFF",
      MaximumWindowInMinutes: inputs.flexibleTimeWindow.maximumWindowInMinutes,
    },
    Target: {
      Arn: arn,
      RoleArn: roleArn,
      Input: input,
      RetryPolicy: retryPolicy && {
        MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
        MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
      },
    },
  };
}

function fromSchedule(held: GetScheduleOutput): object {
  const { FlexibleTimeWindow: window, Target: target } = held;
  return {
    name: held.Name,
    description: held.Description,
    scheduleExpression: held.ScheduleExpression,
    scheduleExpressionTimezone: held.ScheduleExpressionTimezone,
    flexibleTimeWindow: { mode: window?.Mode, maximumWindowInMinutes: window?.MaximumWindowInMinutes },
    target: {
      arn: target?.Arn,
      roleArn: target?.RoleArn,
      input: target?.Input,
      retryPolicy: target?.RetryPolicy && {
        maximumEventAgeInSeconds: target.RetryPolicy.MaximumEventAgeInSeconds,
        maximumRetryAttempts: target.RetryPolicy.MaximumRetryAttempts,
      },
    },
  };
}
