/** One account of the cloud as the types reach it: real SDK clients, made when first used, and what stands beside them. */
import type { STSClientConfig } from "@aws-sdk/client-sts";
import type { ClientConfig } from "pg";
import { type accounts, awsRegion } from "../../hosts.ts";

export type AccountName = keyof typeof accounts;

/** What a node tells about itself: `facts.json` in its folder. */
export interface NodeFacts {
  endpoint: string;
  certificateAuthorityData: string;
  issuer: string;
}

/** Arguments of an SDK client. */
interface Connection {
  region: string;
  endpoint: string;
  credentials: NonNullable<STSClientConfig["credentials"]>;
  requestHandler?: STSClientConfig["requestHandler"];
}

/** What stands behind an account; nothing is opened before it is needed. */
export interface Backing {
  connection(): Promise<Connection>;
  /** Of the node that an EKS cluster of the account stands for; it is told the cluster's name. */
  node(clusterName: string): Promise<NodeFacts>;
  databaseAdmin(): Promise<ClientConfig>;
  /** IAM that really judges workloads; an account that has none is not judged. */
  judge?: { account: string; roleName(name: string): string; connection(): Promise<Connection> };
}

/** Imported when first needed: a run that changes nothing loads none of them. */
const loaders = {
  alarms: async (at: Connection) => new (await import("@aws-sdk/client-cloudwatch")).CloudWatch(at),
  backup: async (at: Connection) => new (await import("@aws-sdk/client-backup")).Backup(at),
  dns: async (at: Connection) => new (await import("@aws-sdk/client-route-53")).Route53(at),
  ec2: async (at: Connection) => new (await import("@aws-sdk/client-ec2")).EC2(at),
  ecr: async (at: Connection) => new (await import("@aws-sdk/client-ecr")).ECR(at),
  eks: async (at: Connection) => new (await import("@aws-sdk/client-eks")).EKS(at),
  events: async (at: Connection) => new (await import("@aws-sdk/client-eventbridge")).EventBridge(at),
  iam: async (at: Connection) => new (await import("@aws-sdk/client-iam")).IAM(at),
  kms: async (at: Connection) => new (await import("@aws-sdk/client-kms")).KMS(at),
  lb: async (at: Connection) =>
    new (await import("@aws-sdk/client-elastic-load-balancing-v2")).ElasticLoadBalancingV2(at),
  logs: async (at: Connection) => new (await import("@aws-sdk/client-cloudwatch-logs")).CloudWatchLogs(at),
  organizations: async (at: Connection) => new (await import("@aws-sdk/client-organizations")).Organizations(at),
  rds: async (at: Connection) => new (await import("@aws-sdk/client-rds")).RDS(at),
  s3: async (at: Connection) => new (await import("@aws-sdk/client-s3")).S3({ ...at, forcePathStyle: true }),
  scheduler: async (at: Connection) => new (await import("@aws-sdk/client-scheduler")).Scheduler(at),
  secrets: async (at: Connection) => new (await import("@aws-sdk/client-secrets-manager")).SecretsManager(at),
  sns: async (at: Connection) => new (await import("@aws-sdk/client-sns")).SNS(at),
  sts: async (at: Connection) => new (await import("@aws-sdk/client-sts")).STS(at),
  trails: async (at: Connection) => new (await import("@aws-sdk/client-cloudtrail")).CloudTrail(at),
};

/** Of the account's own region, or of another that a resource names by its `region`. */
type Clients = { [Service in keyof typeof loaders]: (region?: string) => ReturnType<(typeof loaders)[Service]> };

export interface Cloud extends Clients {
  account: string;
  region: string;
  backing: Backing;
  /** IAM of the judge, where the account has one. */
  judgeIam(): ReturnType<Clients["iam"]>;
}

/**
 * @param account its number
 * @param home the region that the stack's provider is made for
 */
export function openCloud(account: string, backing: Backing, home: string = awsRegion): Cloud {
  const connection = once(() => backing.connection());
  const client = <Client>(load: (at: Connection) => Promise<Client>) => {
    const made = new Map<string, Promise<Client>>();
    return (region = home) => {
      const held = made.get(region) ?? connection().then((at) => load({ ...at, region }));
      made.set(region, held);
      return held;
    };
  };
  return {
    account,
    region: home,
    backing,
    alarms: client(loaders.alarms),
    backup: client(loaders.backup),
    dns: client(loaders.dns),
    ec2: client(loaders.ec2),
    ecr: client(loaders.ecr),
    eks: client(loaders.eks),
    events: client(loaders.events),
    iam: client(loaders.iam),
    kms: client(loaders.kms),
    lb: client(loaders.lb),
    logs: client(loaders.logs),
    organizations: client(loaders.organizations),
    rds: client(loaders.rds),
    s3: client(loaders.s3),
    scheduler: client(loaders.scheduler),
    secrets: client(loaders.secrets),
    sns: client(loaders.sns),
    sts: client(loaders.sts),
    trails: client(loaders.trails),
    judgeIam: once(async () => {
      if (!backing.judge) throw new Error("this account has no judge");
      return loaders.iam(await backing.judge.connection());
    }),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
