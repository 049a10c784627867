/** What watches a region and outlives it: the trail of every call, alarms, and snapshots kept elsewhere too. */
import type * as pulumi from "@pulumi/pulumi";
import { Alarms } from "../components/alarms/aws.ts";
import { auditExportAlarm, databaseAlarms, dimensionOf, natAlarm, targetAlarm } from "../components/alarms/metrics.ts";
import { AuditTrail, trailLogGroup } from "../components/audit/aws.ts";
import { Backups } from "../components/backup/aws.ts";
import type { Cluster } from "../components/cluster/aws.ts";
import type { AuditExport } from "../components/control-plane/services.ts";
import type { Database } from "../components/database/aws.ts";
import type { Edge } from "../components/edge/edge.ts";
import { NarrowRole, type NarrowRoleArgs } from "../components/identity/narrow-role.ts";
import type { Network } from "../components/network/aws.ts";
import type { RegionConfig } from "./config.ts";
import type { Place } from "./foundation.ts";

interface Watched {
  config: RegionConfig;
  place: Place;
  network: Network;
  cluster: Cluster;
  database: Database;
  balancers: Edge["balancers"];
}

export function watch(
  name: string,
  { config, place, network, cluster, database, balancers }: Watched,
  opts: pulumi.ComponentResourceOptions,
): { auditExport: AuditExport } {
  const roleOf = (kind: NarrowRoleArgs["kind"], logGroup?: string) =>
    new NarrowRole(`${name}-${kind}`, { ...place, kind, cluster: name, logGroup }, opts).arn;
  const { bucket, calls, ...retention } = config.audit;
  const { copyRegion, ...schedule } = config.backups;

  const exporterRoleArn = new NarrowRole(
    `${name}-audit-export`,
    {
      ...place,
      kind: "audit-export",
      cluster: name,
      issuer: cluster.workloadIssuer,
      namespace: config.namespace,
      bucket,
    },
    opts,
  ).arn;
  const trailName = `${name}-audit`;
  const trail = new AuditTrail(
    trailName,
    { ...place, bucket, retention, roleArn: roleOf("audit-trail", trailLogGroup(trailName)), exporterRoleArn },
    opts,
  );
  new Backups(
    `${name}-backups`,
    { ...place, copyRegion, schedule, resources: [database.arn], roleArn: roleOf("backup") },
    opts,
  );
  const metrics = [
    ...databaseAlarms(database),
    ...Object.entries(balancers).map(([id, { arn, targetGroupArn }]) =>
      targetAlarm({ id, balancer: arn.apply(dimensionOf), targetGroup: targetGroupArn.apply(dimensionOf) }),
    ),
    auditExportAlarm(place.region),
    ...network.natGateways.map(({ zone, id }) => natAlarm(zone, id)),
  ];
  new Alarms(
    `${name}-alarms`,
    { ...place, subscribers: config.alarms, metrics, auditLogGroup: trail.logGroup, calls },
    opts,
  );
  return { auditExport: { bucket: trail.bucket, roleArn: exporterRoleArn } };
}
