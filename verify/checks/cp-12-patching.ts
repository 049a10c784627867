import { defineRegionCheck } from "../check.ts";
import type { IamRole } from "../facts.ts";
import type { DatabaseFact, RegionFacts, ScheduleFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { evaluate } from "../reason/iam/evaluate.ts";

/** EventBridge Scheduler's own way to call an operation of EKS. */
const target = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion";
const action = "eks:UpdateNodegroupVersion";

export const automatedPatching = defineRegionCheck({
  id: "CP-12",
  title: "The database and the nodes take their patches by themselves",
  severity: "medium",
  claims: ["cp-automated-patching"],
  documented: [],
  fix: "Set autoMinorVersionUpgrade, and take `release` off the region's stack: its node groups then have schedules.",
  needs: ["regionDatabases", "regionCluster", "regionSchedules", "regionIam"],
  evaluate(facts) {
    const { arn, nodeGroups, name } = facts.regionCluster;
    return [
      ...facts.regionDatabases.map(judgeDatabase),
      ...(nodeGroups.length > 0 ? [] : [fail(arn, "it has no node group whose image could be patched")]),
      ...nodeGroups.map((group) => judgeGroup(group, name, facts)),
    ];
  },
  sabotages: [
    {
      name: "the last database keeps its minor version",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.autoMinorVersionUpgrade = false;
      },
    },
    {
      name: "no time is set in which the first database may change",
      apply({ regionDatabases }) {
        const first = regionDatabases.at(0);
        if (first) first.maintenanceWindow = "";
      },
    },
    {
      name: "the last schedule is off",
      apply: ({ regionSchedules }) => change(regionSchedules.at(-1), { enabled: false }),
    },
    {
      name: "the first schedule happens once",
      apply: ({ regionSchedules }) => change(regionSchedules.at(0), { expression: "at(2026-01-06T03:00:00)" }),
    },
    {
      name: "the last schedule has ended",
      apply: ({ regionSchedules }) => change(regionSchedules.at(-1), { until: "2020-01-01T00:00:00.000Z" }),
    },
    {
      name: "the last schedule holds one release",
      apply({ regionSchedules }) {
        const last = regionSchedules.at(-1);
        const input = { ...(asked(last) ?? {}), ReleaseVersion: "1.34.1-20260101" };
        change(last, { input: JSON.stringify(input) });
      },
    },
    {
      name: "all schedules patch the first group",
      apply({ regionSchedules }) {
        const input = regionSchedules.at(0)?.input ?? "";
        for (const schedule of regionSchedules) schedule.input = input;
      },
    },
    {
      name: "the schedules' role may not",
      apply({ regionIam, regionSchedules }) {
        const roles = regionSchedules.map(({ roleArn }) => roleArn);
        regionIam.roles = regionIam.roles.filter(({ arn }) => !roles.includes(arn));
      },
    },
    {
      name: "the last group's image is of the vendor's own making",
      apply({ regionCluster }) {
        const last = regionCluster.nodeGroups.at(-1);
        if (last) last.image = "CUSTOM";
      },
    },
  ],
});

function change(schedule: ScheduleFact | undefined, to: Partial<ScheduleFact>): undefined {
  if (schedule) Object.assign(schedule, to);
}

function judgeDatabase({ arn, autoMinorVersionUpgrade, maintenanceWindow }: DatabaseFact): Finding {
  if (!autoMinorVersionUpgrade) return fail(arn, "minor versions wait for somebody");
  if (maintenanceWindow === "") return fail(arn, "no time is set in which it may be patched");
  return pass(arn, `minor versions by itself, ${maintenanceWindow}`);
}

type Group = RegionFacts["regionCluster"]["nodeGroups"][number];

function judgeGroup(
  { arn, name, image }: Group,
  cluster: string,
  facts: Pick<RegionFacts, "regionSchedules" | "regionIam">,
): Finding {
  if (image === "" || image === "CUSTOM") return fail(arn, "its image is none of EKS's, which nobody patches");
  const [schedule] = facts.regionSchedules.filter((one) => {
    const input = one.target === target ? asked(one) : undefined;
    return input?.ClusterName === cluster && input?.NodegroupName === name && input.ReleaseVersion === undefined;
  });
  if (!schedule) return fail(arn, "no schedule asks for its newest image");
  const { expression, enabled, until, roleArn } = schedule;
  if (!enabled) return fail(arn, `${schedule.arn} is off`);
  if (until !== undefined) return fail(arn, `${schedule.arn} ends at ${until}`);
  if (!/^(cron|rate)\(/.test(expression)) return fail(arn, `${schedule.arn} happens once: ${expression}`);
  const role = facts.regionIam.roles.find((one) => one.arn === roleArn);
  if (!role || !mayPatch(role, arn)) return fail(arn, `${roleArn} of ${schedule.arn} may not ask for it`);
  return pass(arn, `${image}, ${expression} by ${schedule.arn}`);
}

/** By its own policies: what else the organisation forbids is not read of a region. */
function mayPatch({ arn, inline, attached }: IamRole, group: string): boolean {
  const identity = [...inline, ...attached].map(({ document }) => document);
  const caller = { arn, kind: "role" as const };
  return evaluate({ caller, action, resource: group, context: {} }, { identity }).decision === "allowed";
}

function asked(schedule: ScheduleFact | undefined): Record<string, unknown> | undefined {
  try {
    const input: unknown = JSON.parse(schedule?.input ?? "");
    return typeof input === "object" && input !== null ? (input as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
