/** What is measured and from which value on somebody is told, as data; one entry an alarm. */
import type { Input } from "@pulumi/pulumi";
import { exportMetrics } from "../audit/plan.ts";

export interface MetricAlarm {
  /** Ends the alarm's name. */
  id: string;
  description: string;
  namespace: string;
  metricName: Input<string>;
  dimensions: Record<string, Input<string>>;
  statistic: "Average" | "Maximum" | "Minimum" | "Sum";
  comparisonOperator: "GreaterThanThreshold" | "GreaterThanOrEqualToThreshold" | "LessThanThreshold";
  threshold: number;
  /** Seconds. */
  period: number;
  evaluationPeriods: number;
  /** What silence means: of a database that something is wrong, of an error counter that there were none. */
  treatMissingData: "breaching" | "notBreaching";
}

export interface WatchedDatabase {
  /** Physical name of the instance. */
  identifier: string;
  /** Connections that the instance class takes; from 80 % of them on it is told. @default 800 */
  maxConnections?: number;
}

const gibibyte = 1024 ** 3;
const minute = 60;

export function databaseAlarms({ identifier, maxConnections = 800 }: WatchedDatabase): MetricAlarm[] {
  const ofDatabase = {
    namespace: "AWS/RDS",
    dimensions: { DBInstanceIdentifier: identifier },
    period: 5 * minute,
    evaluationPeriods: 3,
    treatMissingData: "breaching",
  } as const;
  return [
    {
      ...ofDatabase,
      id: "database-storage",
      description: "The database has less than 20 GiB left and may have reached its limit of growth",
      metricName: "FreeStorageSpace",
      statistic: "Minimum",
      comparisonOperator: "LessThanThreshold",
      threshold: 20 * gibibyte,
    },
    {
      ...ofDatabase,
      id: "database-cpu",
      description: "The database has been busy for a quarter of an hour",
      metricName: "CPUUtilization",
      statistic: "Average",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 85,
    },
    {
      ...ofDatabase,
      id: "database-connections",
      description: "Four fifths of the database's connections are taken",
      metricName: "DatabaseConnections",
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: Math.floor(maxConnections * 0.8),
    },
  ];
}

export interface WatchedTargets {
  /** In the alarm's name: `gateway`, `relay`. */
  id: string;
  /** As CloudWatch names them: `net/<name>/<id>` and `targetgroup/<name>/<id>`. */
  balancer: Input<string>;
  targetGroup: Input<string>;
}

export function targetAlarm({ id, balancer, targetGroup }: WatchedTargets): MetricAlarm {
  return {
    id: `${id}-unhealthy`,
    description: `A node does not answer the balancer of ${id}`,
    namespace: "AWS/NetworkELB",
    metricName: "UnHealthyHostCount",
    dimensions: { LoadBalancer: balancer, TargetGroup: targetGroup },
    statistic: "Maximum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: minute,
    evaluationPeriods: 5,
    treatMissingData: "breaching",
  };
}

/** @param id in the alarm's name: the gateway's zone */
export function natAlarm(id: string, natGatewayId: Input<string>): MetricAlarm {
  return {
    id: `nat-${id}-ports`,
    description: "A NAT gateway has no port left for a new connection",
    namespace: "AWS/NATGateway",
    metricName: "ErrorPortAllocation",
    dimensions: { NatGatewayId: natGatewayId },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 5 * minute,
    evaluationPeriods: 1,
    treatMissingData: "notBreaching",
  };
}

/** An exporter that is gone tells nothing: silence is as bad as being late. */
export function auditExportAlarm(region: string): MetricAlarm {
  return {
    id: "audit-export-late",
    description:
      "Audit records have not reached their bucket for a quarter of an hour, or nobody tells whether they have",
    namespace: exportMetrics,
    metricName: "LagSeconds",
    dimensions: { Region: region },
    statistic: "Maximum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 10 * minute,
    period: 5 * minute,
    evaluationPeriods: 1,
    treatMissingData: "breaching",
  };
}

/** CloudWatch's dimension is the end of the ARN: `…:loadbalancer/net/a/1` → `net/a/1`, `…:targetgroup/a/1` whole. */
export function dimensionOf(arn: string): string {
  return (
    arn
      .split(":")
      .at(-1)
      ?.replace(/^loadbalancer\//, "") ?? arn
  );
}
