/** A small region on which every check of the control plane passes: what the tests break. */
import type { V1Pod } from "@kubernetes/client-node";
import type { BaselineFacts } from "../facts-baseline.ts";
import type { RegionFacts, SecurityRule, TableFact } from "../facts-region.ts";
import { parsePolicy } from "../reason/iam-policy.ts";
import { type ControlPlane, controlPlaneSchema } from "../target.ts";
import { goodAccountAlarms, goodBaselineFacts } from "./good-baseline.ts";

const account = "111111111111";
const region = "us-east-2";
const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${account}:${rest}`;
const key = arn("kms", "key/0a");
const topic = arn("sns", "biplane-us-east-2-alarms");

export const goodControlPlane: ControlPlane = controlPlaneSchema.parse({
  account,
  customerAccounts: ["222222222222"],
  region,
  endpoint: "us-east-2.example.test",
  relayHost: "relay-us-east-2.example.test",
  clusterName: "biplane-us-east-2",
  kubeconfig: "/nowhere",
  aws: { profile: "none" },
  database: { host: "database.example.test", passwordFile: "/nowhere" },
});

export function goodRegionFacts(): RegionFacts & BaselineFacts {
  const { regionKeys, regionSecurityGroups: groups, regionTrails, ...own } = goodPlaneFacts();
  const [key] = regionKeys;
  const [trail] = regionTrails;
  if (!key || !trail) throw new Error("the good region has a key and a trail");
  const baseline = goodBaselineFacts({ account, topic, key, trail: trail.arn, groups });
  return structuredClone({ ...own, ...baseline, regionKeys, regionSecurityGroups: groups, regionTrails });
}

function goodPlaneFacts(): RegionFacts {
  return {
    regionIam: {
      account,
      users: [],
      oidcProviders: [],
      roles: [
        role("biplane-us-east-2-node", "ec2.amazonaws.com", "ec2:DescribeInstances"),
        role("biplane-us-east-2-backup", "backup.amazonaws.com", "rds:CreateDBSnapshot"),
        role("biplane-us-east-2-patching", "scheduler.amazonaws.com", "eks:UpdateNodegroupVersion"),
      ],
    },
    regionDatabases: [
      {
        identifier: "biplane-us-east-2-database",
        arn: arn("rds", "db:biplane-us-east-2-database"),
        engine: "postgres",
        engineVersion: "17.5",
        address: "database.example.test",
        encrypted: true,
        keyArn: key,
        public: false,
        multiAz: true,
        autoMinorVersionUpgrade: true,
        maintenanceWindow: "sun:05:00-sun:06:00",
        backupRetentionDays: 35,
        subnetIds: ["subnet-isolated-a", "subnet-isolated-b"],
        securityGroupIds: ["sg-database"],
        logExports: ["postgresql", "upgrade"],
        monitoringInterval: 60,
        snapshots: [{ id: "rds:biplane-1", encrypted: true, keyArn: key }],
      },
    ],
    regionRecovery: [{ identifier: "biplane-us-east-2-database", until: "2026-01-01T00:00:00.000Z", behindMinutes: 4 }],
    regionManagedSecrets: [{ name: "rds!db-0a", owner: "rds" }],
    regionKeys: [
      {
        arn: key,
        spec: "SYMMETRIC_DEFAULT",
        usage: "ENCRYPT_DECRYPT",
        state: "Enabled",
        manager: "CUSTOMER",
        rotates: true,
      },
    ],
    regionSubnets: [
      subnet("public", "a", ["igw-1"]),
      subnet("private", "a", ["nat-a"]),
      subnet("private", "b", ["nat-b"]),
      subnet("isolated", "a", []),
      subnet("isolated", "b", []),
    ],
    regionSecurityGroups: [
      {
        ...{ id: "sg-database", name: "database", vpcId: "vpc-1" },
        rules: [rule({ id: "sgr-1", fromPort: 5432, toPort: 5432, groupId: "sg-nodes" })],
      },
      {
        ...{ id: "sg-edge", name: "gateway", vpcId: "vpc-1" },
        rules: [rule({ id: "sgr-2", fromPort: 443, toPort: 443, networks: ["173.245.48.0/20"] })],
      },
      {
        ...{ id: "sg-nodes", name: "nodes", vpcId: "vpc-1" },
        rules: [
          rule({ id: "sgr-3", fromPort: 30443, toPort: 30443, groupId: "sg-edge" }),
          rule({ id: "sgr-4", direction: "out", protocol: "-1", networks: ["0.0.0.0/0"] }),
        ],
      },
    ],
    regionBalancers: [
      {
        arn: arn("elasticloadbalancing", "loadbalancer/net/gateway/1"),
        name: "gateway",
        vpcId: "vpc-1",
        internal: false,
        zones: ["us-east-2a", "us-east-2b"],
        securityGroupIds: ["sg-edge"],
        listeners: [{ port: 443, protocol: "TCP" }],
      },
    ],
    regionCluster: {
      name: "biplane-us-east-2",
      arn: arn("eks", "cluster/biplane-us-east-2"),
      issuer: "https://oidc-region.example.test",
      publicEndpoint: false,
      privateEndpoint: true,
      logTypes: ["api", "audit", "authenticator"],
      encryptedResources: ["secrets"],
      groupIds: ["sg-cluster"],
      authenticationMode: "API",
      vpcId: "vpc-1",
      securityGroupId: "sg-nodes",
      nodeGroups: [nodeGroup("default-a", "subnet-private-a"), nodeGroup("default-b", "subnet-private-b")],
    },
    regionAlarms: [
      alarm("database-storage", "AWS/RDS", "FreeStorageSpace", { DBInstanceIdentifier: "biplane-us-east-2-database" }),
      alarm("database-cpu", "AWS/RDS", "CPUUtilization", { DBInstanceIdentifier: "biplane-us-east-2-database" }),
      alarm("database-connections", "AWS/RDS", "DatabaseConnections", {
        DBInstanceIdentifier: "biplane-us-east-2-database",
      }),
      ...goodAccountAlarms(topic),
    ],
    regionTrails: [
      {
        arn: arn("cloudtrail", "trail/audit"),
        logging: true,
        allRegions: true,
        validated: true,
        keyArn: key,
        logGroup: arn("logs", "log-group:/biplane/audit/audit:*"),
      },
    ],
    regionBackupPlans: [
      {
        name: "biplane-us-east-2-backups",
        rules: [
          {
            name: "daily",
            vault: "biplane-us-east-2-backups",
            schedule: "cron(30 6 * * ? *)",
            deleteAfterDays: 35,
            copies: [`arn:aws:backup:us-west-2:${account}:backup-vault:biplane-us-east-2-backups-copy`],
          },
        ],
        resources: [arn("rds", "db:biplane-us-east-2-database")],
      },
    ],
    regionSchedules: [patch("default-a", "TUE"), patch("default-b", "WED")],
    regionPods: [
      pod("gateway", { TLS_CERT_FILE: "/etc/biplane/tls/tls.crt", TLS_KEY_FILE: "/etc/biplane/tls/tls.key" }),
      exporterPod(),
      pod("dataproxy", {}),
      pod("relay", { TLS_CERT_FILE: "/etc/biplane/tls/tls.crt", TLS_KEY_FILE: "/etc/biplane/tls/tls.key" }),
      pod("runs", { DATABASE_HOST: "database.example.test", DATABASE_USER: "biplane_runtime" }),
    ],
    regionServices: [
      {
        metadata: { namespace: "union-cp", name: "gateway-public" },
        spec: { type: "NodePort", selector: labels("gateway"), ports: [{ port: 443, nodePort: 30443 }] },
      },
    ],
    regionDeployments: ["gateway", "audit", "dataproxy", "relay", "runs"].map((name) => ({
      metadata: { namespace: "union-cp", name },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels(name) },
        template: {
          metadata: { labels: labels(name) },
          spec: {
            containers: [],
            topologySpreadConstraints: [
              { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
            ],
          },
        },
      },
    })),
    regionBudgets: ["gateway", "audit", "dataproxy", "relay", "runs"].map((name) => ({
      metadata: { namespace: "union-cp", name },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels(name) } },
    })),
    regionClusterRoles: [
      {
        metadata: { name: "system:public-info-viewer" },
        rules: [{ nonResourceURLs: ["/version", "/livez"], verbs: ["get"] }],
      },
      { metadata: { name: "cluster-admin" }, rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] },
    ],
    regionRoleBindings: [
      {
        metadata: { namespace: "kube-system", name: "system:controller:token-cleaner" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "system:controller:token-cleaner" },
        subjects: [{ kind: "ServiceAccount", namespace: "kube-system", name: "token-cleaner" }],
      },
    ],
    regionClusterRoleBindings: [
      {
        metadata: { name: "system:public-info-viewer" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:public-info-viewer" },
        subjects: [{ kind: "Group", name: "system:authenticated" }],
      },
    ],
    regionScanned: [{ kind: "Secret", namespace: "union-cp", name: "signing-key", keys: ["key.pem"], suspicious: [] }],
    regionClusters: [{ cluster: "acme-local", healthy: true, connections: 2, heardSecondsAgo: 4 }],
    regionAccessRoles: [
      { name: "admin", builtin: true, actions: ["view_flyte_inventory", "create_flyte_executions", "manage_clusters"] },
      { name: "contributor", builtin: true, actions: ["view_flyte_inventory", "create_flyte_executions"] },
      { name: "viewer", builtin: true, actions: ["view_flyte_inventory"] },
      { name: "runner", builtin: false, actions: ["create_flyte_executions"] },
    ],
    regionNodeZones: [
      { node: "a", zone: "us-east-2a" },
      { node: "b", zone: "us-east-2b" },
    ],
    regionTables: [
      table("biplane.queue", { org: "text", action: "text" }, ["org", "action"]),
      table("biplane.clusters", { org: "text", cluster: "text", version: "text" }, ["org", "cluster"]),
      {
        ...table("biplane.migrations", { number: "integer", name: "text" }, ["number"]),
        rowSecurity: false,
        forced: false,
        policies: [],
      },
      {
        ...table("biplane.conditions", { org: "text", action: "text", answer: "bytea" }, ["org", "action"]),
        checks: [
          {
            ...{ name: "answer_is_short", columns: ["answer"], validated: true },
            condition: "(octet_length(answer) <= 1040)",
          },
        ],
      },
      {
        ...table("biplane.runs", { org: "text", run: "text", output_base: "text" }, ["org", "run"]),
        checks: [uriCheck("output_base")],
      },
      {
        ...table("biplane.actions", { org: "text", action: "text", input_uri: "text", output_uri: "text" }, [
          "org",
          "action",
        ]),
        checks: [uriCheck("input_uri"), uriCheck("output_uri")],
      },
    ],
    regionRoles: [
      databaseRole("biplane_owner", { createsRoles: true, memberOf: ["biplane_runtime", "biplane_verifier"] }),
      databaseRole("biplane_runtime"),
      databaseRole("biplane_verifier"),
      databaseRole("rdsadmin", { superuser: true, bypassesRowSecurity: true }),
    ],
    regionHosts: ["us-east-2.example.test", "relay-us-east-2.example.test"].map((host) => ({
      host,
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      trusted: true,
      certificateFor: [host],
      certificateUntil: "2999-01-01T00:00:00.000Z",
    })),
  };
}

function role(name: string, service: string, action: string): RegionFacts["regionIam"]["roles"][number] {
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  const own = { Effect: "Allow", Action: action, Resource: "*" };
  return {
    name,
    arn: `arn:aws:iam::${account}:role/${name}`,
    trust: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [trust] })),
    inline: [{ name: "own", document: parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [own] })) }],
    attached: [],
  };
}

function subnet(tier: string, zone: string, waysOut: string[]): RegionFacts["regionSubnets"][number] {
  return { id: `subnet-${tier}-${zone}`, vpcId: "vpc-1", zone: `us-east-2${zone}`, publicAddresses: false, waysOut };
}

function rule(more: Partial<SecurityRule> & { id: string }): SecurityRule {
  return { direction: "in", protocol: "tcp", fromPort: -1, toPort: -1, networks: [], ...more };
}

function alarm(
  name: string,
  namespace: string,
  metric: string,
  dimensions: Record<string, string>,
): RegionFacts["regionAlarms"][number] {
  return { name, namespace, metric, dimensions, enabled: true, actions: [topic] };
}

const labels = (name: string) => ({ "app.kubernetes.io/name": name });

function pod(name: string, env: Record<string, string>): V1Pod {
  return {
    metadata: { namespace: "union-cp", name: `${name}-x`, labels: labels(name) },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      containers: [
        {
          name,
          image: `registry.example.test/services@sha256:${"1".repeat(64)}`,
          env: Object.entries({ ...env, SERVICE_TLS_FOLDER: "/etc/biplane/service-tls" }).map(([key, value]) => ({
            ...{ name: key, value },
          })),
          ports: [
            { name: "rpc", containerPort: 8080 },
            { name: "health", containerPort: 9090 },
          ],
          livenessProbe: { httpGet: { path: "/healthz", port: "health", scheme: "HTTPS" } },
          volumeMounts: [{ name: "files", mountPath: "/etc/biplane/files", readOnly: true }],
          securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true },
        },
      ],
      volumes: [{ name: "files", secret: { secretName: "signing-key" } }],
    },
    status: {
      phase: "Running",
      containerStatuses: [{ name, ready: true, started: true, image: "", imageID: "", restartCount: 0 }],
    },
  };
}

/** The one with a token: for the cloud's STS. */
function exporterPod(): V1Pod {
  const made = pod("audit", {});
  made.spec?.volumes?.push({
    name: "aws-iam-token",
    projected: { sources: [{ serviceAccountToken: { audience: "sts.amazonaws.com", path: "token" } }] },
  });
  return made;
}

function table(name: string, columns: Record<string, string>, key: string[]): TableFact {
  return {
    name,
    kind: "table",
    owner: "biplane_owner",
    columns: Object.entries(columns).map(([column, type]) => ({ name: column, type, notNull: true })),
    indexes: [{ name: "pkey", primary: true, unique: true, valid: true, partial: false, columns: key }],
    checks: [],
    rowSecurity: true,
    forced: true,
    policies: [
      {
        name: "own_org",
        command: "all",
        permissive: true,
        roles: [],
        using: "(org = current_setting('biplane.org'::text, true))",
        check: null,
      },
    ],
  };
}

function uriCheck(column: string): TableFact["checks"][number] {
  const rule = `((${column} ~ '^(s3|gs|abfs)://'::text) AND (char_length(${column}) <= 2048))`;
  return { name: `${column}_is_uri`, columns: [column], condition: rule, validated: true };
}

function databaseRole(
  name: string,
  more: Partial<RegionFacts["regionRoles"][number]> = {},
): RegionFacts["regionRoles"][number] {
  return {
    ...{ name, login: true, superuser: false, bypassesRowSecurity: false, createsRoles: false, memberOf: [] },
    ...more,
  };
}

function nodeGroup(name: string, subnetId: string) {
  const group = arn("eks", `nodegroup/biplane-us-east-2/${name}/0a`);
  return { name, arn: group, subnetIds: [subnetId], status: "ACTIVE", image: "AL2023_x86_64_STANDARD" };
}

function patch(group: string, day: string) {
  return {
    arn: arn("scheduler", `schedule/default/patch-${group}`),
    expression: `cron(0 3 ? * ${day} *)`,
    enabled: true,
    target: "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupVersion",
    roleArn: `arn:aws:iam::${account}:role/biplane-us-east-2-patching`,
    input: JSON.stringify({ ClusterName: "biplane-us-east-2", NodegroupName: group }),
  };
}
