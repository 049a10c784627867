/** Reads the region's account: each service's lists to their last page, every refusal a recorded fact. */
import {
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  EKSClient,
  paginateListNodegroups,
} from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { STSClient } from "@aws-sdk/client-sts";
import type { Collected } from "../../facts.ts";
import type { RegionClusterFact } from "../../facts-region.ts";
import type { ControlPlane } from "../../target.ts";
import { attempt } from "../attempt.ts";
import { clusterFactOf } from "../aws.ts";
import { clientConfig } from "../aws-clients.ts";
import { readIam } from "../iam.ts";
import { readBalancers } from "./balancers.ts";
import { type BaselineCollected, startBaseline } from "./baseline/index.ts";
import { readDatabases, readRecovery } from "./databases.ts";
import { readKeys } from "./keys.ts";
import { readSecurityGroups, readSubnets } from "./network.ts";
import { readManagedSecrets } from "./secrets.ts";
import { readAlarms, readBackupPlans, readSchedules, readTrails } from "./watch.ts";

type AccountFacts = Pick<
  Collected,
  | "regionIam"
  | "regionDatabases"
  | "regionRecovery"
  | "regionManagedSecrets"
  | "regionKeys"
  | "regionSubnets"
  | "regionSecurityGroups"
  | "regionBalancers"
  | "regionCluster"
  | "regionAlarms"
  | "regionTrails"
  | "regionBackupPlans"
  | "regionSchedules"
> &
  BaselineCollected;

export async function collectAccount(target: ControlPlane): Promise<AccountFacts> {
  const config = clientConfig(target);
  const iam = { iam: new IAMClient(config), sts: new STSClient(config) };
  const { clusterName } = target;
  return settled({
    regionIam: attempt("iam: roles, policies, users, access keys, OIDC providers", () => readIam(iam)),
    regionDatabases: attempt("rds describe-db-instances, describe-db-snapshots", () => readDatabases(config)),
    regionRecovery: attempt("rds describe-db-instances: LatestRestorableTime", () => readRecovery(config)),
    regionManagedSecrets: attempt("secretsmanager list-secrets", () => readManagedSecrets(config)),
    regionKeys: attempt("kms list-keys, describe-key, get-key-rotation-status", () => readKeys(config)),
    regionSubnets: attempt("ec2 describe-subnets, describe-route-tables", () => readSubnets(config)),
    regionSecurityGroups: attempt(
      "ec2 describe-security-groups, describe-security-group-rules, get-managed-prefix-list-entries",
      () => readSecurityGroups(config),
    ),
    regionBalancers: attempt("elbv2 describe-load-balancers, describe-listeners", () => readBalancers(config)),
    regionCluster: attempt(`eks describe-cluster ${clusterName}, list-nodegroups, describe-nodegroup`, () =>
      readCluster(config, clusterName),
    ),
    regionAlarms: attempt("cloudwatch describe-alarms", () => readAlarms(config)),
    regionTrails: attempt("cloudtrail describe-trails, get-trail-status", () => readTrails(config)),
    regionBackupPlans: attempt("backup list-backup-plans, get-backup-plan, get-backup-selection", () =>
      readBackupPlans(config),
    ),
    regionSchedules: attempt("scheduler list-schedules, get-schedule", () => readSchedules(config)),
    ...startBaseline(target),
  });
}

type Pending<T> = { [K in keyof T]: Promise<T[K]> };

/** All of them at once, each under its name. */
async function settled(pending: Pending<AccountFacts>): Promise<AccountFacts> {
  const entries = await Promise.all(Object.entries(pending).map(async ([name, fact]) => [name, await fact] as const));
  return Object.fromEntries(entries) as AccountFacts;
}

async function readCluster(config: ReturnType<typeof clientConfig>, clusterName: string): Promise<RegionClusterFact> {
  const client = new EKSClient(config);
  const { cluster } = await client.send(new DescribeClusterCommand({ name: clusterName }));
  const names: string[] = [];
  for await (const page of paginateListNodegroups({ client }, { clusterName })) names.push(...(page.nodegroups ?? []));
  const nodeGroups = await Promise.all(
    names.map(async (name) => {
      const { nodegroup } = await client.send(new DescribeNodegroupCommand({ clusterName, nodegroupName: name }));
      return {
        name,
        arn: nodegroup?.nodegroupArn ?? "",
        subnetIds: nodegroup?.subnets ?? [],
        status: nodegroup?.status ?? "",
        image: nodegroup?.amiType ?? "",
      };
    }),
  );
  return {
    ...clusterFactOf(clusterName, cluster),
    vpcId: cluster?.resourcesVpcConfig?.vpcId ?? "",
    securityGroupId: cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? "",
    nodeGroups,
  };
}
