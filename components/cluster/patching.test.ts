import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { planPatching } from "./patch-plan.ts";
import { NodePatching } from "./patching.ts";

const groups = ["a", "b"].flatMap((letter) =>
  ["default", "gpu"].map((kind) => ({
    key: `${kind}-us-east-2${letter}`,
    zone: `us-east-2${letter}`,
    name: `${kind}-us-east-2${letter}-0123ab`,
  })),
);
const build = () =>
  recordResources(
    () =>
      new NodePatching("main-patching", {
        ...{ region: "us-east-2", account: "111111111111", clusterName: "main", groups, tags: { owner: "us" } },
      }),
  );

describe("NodePatching", () => {
  it("asks for the newest image of every group, each week, one zone a day", async () => {
    const made = (await build()).all.filter(({ type }) => type === "aws:scheduler/schedule:Schedule");
    const asked = made.map(({ inputs }) => {
      const { target, scheduleExpression } = inputs as { target: { input: string }; scheduleExpression: string };
      return [JSON.parse(target.input), scheduleExpression] as const;
    });
    expect(asked).toEqual([
      [{ ClusterName: "main", NodegroupName: "default-us-east-2a-0123ab" }, "cron(0 3 ? * TUE *)"],
      [{ ClusterName: "main", NodegroupName: "gpu-us-east-2a-0123ab" }, "cron(0 3 ? * TUE *)"],
      [{ ClusterName: "main", NodegroupName: "default-us-east-2b-0123ab" }, "cron(0 3 ? * WED *)"],
      [{ ClusterName: "main", NodegroupName: "gpu-us-east-2b-0123ab" }, "cron(0 3 ? * WED *)"],
    ]);
    expect(new Set(made.map(({ inputs }) => inputs.name)).size).toBe(groups.length);
  });

  it("asks in the name of a role that may update this cluster's groups and no others", async () => {
    const made = await build();
    const trust = JSON.parse(String(made.one("aws:iam/role:Role").inputs.assumeRolePolicy));
    expect(trust.Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "scheduler.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
      },
    ]);
    const { Statement } = JSON.parse(String(made.one("aws:iam/rolePolicy:RolePolicy").inputs.policy));
    expect(Statement[0]).toEqual({
      Effect: "Allow",
      Action: ["eks:UpdateNodegroupVersion"],
      Resource: "arn:aws:eks:us-east-2:111111111111:nodegroup/main/*",
    });
  });
});

describe("planPatching", () => {
  it("gives each zone a day, whatever order they come in, and shares days where there are more zones", () => {
    const plan = planPatching(["d", "c", "a", "b", "a"]);
    expect([...plan]).toEqual([
      ["a", "cron(0 3 ? * TUE *)"],
      ["b", "cron(0 3 ? * WED *)"],
      ["c", "cron(0 3 ? * THU *)"],
      ["d", "cron(0 3 ? * TUE *)"],
    ]);
  });
});
