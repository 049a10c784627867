import { defineRegionCheck } from "../check.ts";
import type { AlarmFact, DatabaseFact } from "../facts-region.ts";
import { type Finding, fail, pass } from "../outcome.ts";

/** Without one of them a database dies unseen. */
const databaseMetrics = ["FreeStorageSpace", "CPUUtilization", "DatabaseConnections"];
/** Of EKS's control plane: who asked what, and who was let in. */
const clusterLogs = ["api", "audit", "authenticator"];

export const continuousMonitoring = defineRegionCheck({
  id: "CP-07",
  title: "Alarms watch the database and report to a topic; calls, logs and measures are being recorded",
  severity: "high",
  claims: ["cp-continuous-monitoring"],
  documented: [],
  fix: "Bring the region's stack up again: it makes the alarms, the trail and the logs.",
  needs: ["regionAlarms", "regionTrails", "regionDatabases", "regionCluster"],
  evaluate({ regionAlarms, regionTrails, regionDatabases, regionCluster }) {
    const missingLogs = clusterLogs.filter((log) => !regionCluster.logTypes.includes(log));
    return [
      ...regionDatabases.flatMap((database) => [
        ...databaseMetrics.map((metric) => judgeMetric(database, metric, regionAlarms)),
        database.monitoringInterval > 0
          ? pass(database.arn, `its machine is measured every ${database.monitoringInterval} s`)
          : fail(database.arn, "its machine is not measured"),
        database.logExports.includes("postgresql")
          ? pass(database.arn, `logs: ${database.logExports.join(", ")}`)
          : fail(database.arn, "its log goes nowhere"),
      ]),
      ...regionAlarms.map(judgeAlarm),
      judgeTrails(regionTrails.filter(({ logging, allRegions, logGroup }) => logging && allRegions && logGroup)),
      missingLogs.length > 0
        ? fail(regionCluster.arn, `these logs are off: ${missingLogs.join(", ")}`)
        : pass(regionCluster.arn, `logs: ${regionCluster.logTypes.join(", ")}`),
    ];
  },
  sabotages: [
    {
      name: "nobody watches the database's storage",
      apply: (facts) => drop(facts, "FreeStorageSpace"),
    },
    {
      name: "nobody watches its connections",
      apply: (facts) => drop(facts, "DatabaseConnections"),
    },
    {
      name: "the alarm on its load watches another database",
      apply({ regionAlarms }) {
        for (const alarm of regionAlarms.filter(({ metric }) => metric === "CPUUtilization"))
          alarm.dimensions = { DBInstanceIdentifier: "another" };
      },
    },
    {
      name: "the last alarm reports to nobody",
      apply({ regionAlarms }) {
        const last = regionAlarms.at(-1);
        if (last) last.actions = [];
      },
    },
    {
      name: "the first alarm is muted",
      apply({ regionAlarms }) {
        const first = regionAlarms.at(0);
        if (first) first.enabled = false;
      },
    },
    {
      name: "the trail has stopped",
      apply({ regionTrails }) {
        for (const trail of regionTrails) trail.logging = false;
      },
    },
    {
      name: "the cluster's audit log is off",
      apply({ regionCluster }) {
        regionCluster.logTypes = regionCluster.logTypes.filter((log) => log !== "audit");
      },
    },
    {
      name: "the database's machine is not measured",
      apply({ regionDatabases }) {
        const last = regionDatabases.at(-1);
        if (last) last.monitoringInterval = 0;
      },
    },
  ],
});

function drop(facts: { regionAlarms: AlarmFact[] }, metric: string): undefined {
  facts.regionAlarms = facts.regionAlarms.filter((alarm) => alarm.metric !== metric);
}

function judgeMetric({ arn, identifier }: DatabaseFact, metric: string, alarms: AlarmFact[]): Finding {
  const alarm = alarms.find(
    (candidate) =>
      candidate.namespace === "AWS/RDS" &&
      candidate.metric === metric &&
      candidate.dimensions.DBInstanceIdentifier === identifier,
  );
  return alarm ? pass(arn, `${metric} is watched by ${alarm.name}`) : fail(arn, `no alarm on ${metric}`);
}

function judgeAlarm({ name, enabled, actions }: AlarmFact): Finding {
  if (!enabled) return fail(`alarm ${name}`, "its actions are off");
  if (actions.length === 0) return fail(`alarm ${name}`, "reports to nobody");
  return pass(`alarm ${name}`, `reports to ${actions.join(", ")}`);
}

function judgeTrails([first]: { arn: string; logGroup?: string }[]): Finding {
  if (!first) return fail("trail of calls", "none is recording all regions into a log group");
  return pass(first.arn, `records all regions into ${first.logGroup}`);
}
