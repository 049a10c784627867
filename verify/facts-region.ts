/** What is read of a region: its account, its cluster, its database's catalogue, and what its two hosts answer. */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Deployment,
  V1Pod,
  V1PodDisruptionBudget,
  V1RoleBinding,
  V1Service,
} from "@kubernetes/client-node";
import type { ClusterFact, IamAccount, ScannedObject } from "./facts.ts";

/** One RDS instance. */
export interface DatabaseFact {
  identifier: string;
  arn: string;
  engine: string;
  engineVersion: string;
  /** Host that it answers on. */
  address: string;
  encrypted: boolean;
  keyArn?: string;
  public: boolean;
  multiAz: boolean;
  autoMinorVersionUpgrade: boolean;
  /** When RDS may change it: `sun:05:00-sun:06:00`; empty: no time is set. */
  maintenanceWindow: string;
  /** Days; 0 is never. */
  backupRetentionDays: number;
  subnetIds: string[];
  securityGroupIds: string[];
  logExports: string[];
  /** Seconds between measures of the machine itself; 0 is never. */
  monitoringInterval: number;
  snapshots: { id: string; encrypted: boolean; keyArn?: string }[];
}

/** To when one RDS instance can be restored. */
export interface RecoveryFact {
  identifier: string;
  /** ISO time. */
  until: string;
  /** Behind the time at which it was read. */
  behindMinutes: number;
}

/** A secret of Secrets Manager, by its name only: its value is never read. */
export interface ManagedSecretFact {
  name: string;
  /** The service of AWS that made it and rotates it: `rds`. */
  owner?: string;
}

export interface KeyFact {
  arn: string;
  /** `SYMMETRIC_DEFAULT` is AES-256 in GCM mode. */
  spec: string;
  usage: string;
  state: string;
  /** `CUSTOMER` or `AWS`. */
  manager: string;
  rotates: boolean;
}

export interface SubnetFact {
  id: string;
  vpcId: string;
  zone: string;
  publicAddresses: boolean;
  /** Where the rest of the world leads to, by the subnet's own route table or the VPC's main one: `igw-…`, `nat-…`. */
  waysOut: string[];
}

export interface SecurityRule {
  id: string;
  direction: "in" | "out";
  /** `tcp`, `udp`, or `-1` for all. */
  protocol: string;
  /** -1 is every port. */
  fromPort: number;
  toPort: number;
  /** Networks of a range or of a prefix list; empty where a group is named. */
  networks: string[];
  groupId?: string;
}

export interface SecurityGroupFact {
  id: string;
  name: string;
  vpcId: string;
  rules: SecurityRule[];
}

export interface BalancerFact {
  arn: string;
  name: string;
  vpcId: string;
  internal: boolean;
  zones: string[];
  securityGroupIds: string[];
  listeners: { port: number; protocol: string; policy?: string }[];
}

export interface RegionClusterFact extends ClusterFact {
  vpcId: string;
  /** Group of the nodes and of EKS's own interfaces. */
  securityGroupId: string;
  /** `image`: as EKS names its kinds, `CUSTOM` for one of ours. */
  nodeGroups: { name: string; arn: string; subnetIds: string[]; status: string; image: string }[];
}

export interface AlarmFact {
  name: string;
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  /** Whether it tells somebody, and whom: ARNs. */
  enabled: boolean;
  actions: string[];
}

export interface TrailFact {
  arn: string;
  logging: boolean;
  allRegions: boolean;
  validated: boolean;
  keyArn?: string;
  logGroup?: string;
}

/** Of EventBridge Scheduler. */
export interface ScheduleFact {
  arn: string;
  /** `cron(…)`, `rate(…)`, or `at(…)`, which happens once. */
  expression: string;
  enabled: boolean;
  /** ISO time, after which it does not happen any more. */
  until?: string;
  /** What is asked for, and in which role's name. */
  target: string;
  roleArn: string;
  /** As it is sent. */
  input: string;
}

export interface BackupPlanFact {
  name: string;
  rules: { name: string; vault: string; schedule: string; deleteAfterDays?: number; copies: string[] }[];
  /** ARNs, with their wildcards. */
  resources: string[];
}

export interface Column {
  name: string;
  /** As Postgres writes it: `timestamp(3) with time zone`. */
  type: string;
  notNull: boolean;
}

/** One table, view or the like, of every schema but the server's own. */
export interface TableFact {
  /** `schema.name` */
  name: string;
  kind: "table" | "partitioned table" | "view" | "materialized view" | "foreign table";
  owner: string;
  columns: Column[];
  /** `columns`: of the key itself, in order; an expression has none. */
  indexes: { name: string; primary: boolean; unique: boolean; valid: boolean; partial: boolean; columns: string[] }[];
  /** `check`: the condition as Postgres writes it. */
  checks: { name: string; columns: string[]; condition: string; validated: boolean }[];
  rowSecurity: boolean;
  forced: boolean;
  policies: {
    name: string;
    command: "select" | "insert" | "update" | "delete" | "all";
    permissive: boolean;
    /** Whom it is for; empty: everybody. */
    roles: string[];
    using: string | null;
    check: string | null;
  }[];
}

/** Who may sign in to the database, or be another's right. Built-in roles are left out. */
export interface DatabaseRoleFact {
  name: string;
  login: boolean;
  superuser: boolean;
  bypassesRowSecurity: boolean;
  createsRoles: boolean;
  memberOf: string[];
}

/** What a public host answers to whoever connects. */
export interface HostFact {
  host: string;
  /** `TLSv1.2`, `TLSv1.3`. */
  protocol: string;
  cipher: string;
  /** Signed, for this host, by an authority that clients trust. The relay's clients pin the region's own. */
  trusted: boolean;
  /** Names and addresses that the certificate is for. */
  certificateFor: string[];
  /** ISO time. */
  certificateUntil: string;
  /** First line of what it answered to plain HTTP on the same port; undefined when it closed or was silent. */
  plainAnswer?: string;
}

/** A role as the API tells it. */
export interface AccessRoleFact {
  name: string;
  builtin: boolean;
  actions: string[];
}

/** A compute plane of one organisation, as the region has it. */
export interface RegisteredClusterFact {
  cluster: string;
  healthy: boolean;
  /** Tunnels. */
  connections: number;
  /** Absent: not since it registered. */
  heardSecondsAgo?: number;
}

export interface RegionFacts {
  regionIam: IamAccount;
  regionDatabases: DatabaseFact[];
  /** Not read while RDS tells no time of an instance. */
  regionRecovery: RecoveryFact[];
  regionManagedSecrets: ManagedSecretFact[];
  regionKeys: KeyFact[];
  regionSubnets: SubnetFact[];
  regionSecurityGroups: SecurityGroupFact[];
  regionBalancers: BalancerFact[];
  regionCluster: RegionClusterFact;
  regionAlarms: AlarmFact[];
  regionTrails: TrailFact[];
  regionBackupPlans: BackupPlanFact[];
  regionSchedules: ScheduleFact[];
  regionPods: V1Pod[];
  regionServices: V1Service[];
  regionDeployments: V1Deployment[];
  regionBudgets: V1PodDisruptionBudget[];
  regionClusterRoles: V1ClusterRole[];
  regionRoleBindings: V1RoleBinding[];
  regionClusterRoleBindings: V1ClusterRoleBinding[];
  regionScanned: ScannedObject[];
  /** Availability zone of each node, by its name; not read where a node does not tell. */
  regionNodeZones: { node: string; zone: string }[];
  regionTables: TableFact[];
  regionRoles: DatabaseRoleFact[];
  regionHosts: HostFact[];
  /** Of one organisation: its own, and those that every one has. */
  regionAccessRoles: AccessRoleFact[];
  regionClusters: RegisteredClusterFact[];
}
