/** A region's account that holds the benchmark, with somebody who signs in; its filters are those that the kit makes. */
import { logAlarms } from "../../components/alarms/events.ts";
import type { BaselineFacts, NetworksFact } from "../facts-baseline.ts";
import type { AlarmFact, KeyFact, SecurityGroupFact } from "../facts-region.ts";
import { parsePolicy } from "../reason/iam-policy.ts";

interface Where {
  account: string;
  topic: string;
  key: KeyFact;
  trail: string;
  groups: SecurityGroupFact[];
}

const regions = ["us-east-2", "us-west-2", "eu-west-1"];
const bucket = "biplane-audit-us-east-2";
const group = "/biplane/audit/audit";
const at = "2026-01-10T00:00:00.000Z";
const yesterday = "2026-01-09T00:00:00.000Z";

export function goodBaselineFacts({ account, topic, key, trail, groups }: Where): BaselineFacts {
  const root = `arn:aws:iam::${account}`;
  const support = "arn:aws:iam::aws:policy/AWSSupportAccess";
  return {
    regionRoot: { accessKeys: false, secondFactor: true, virtualFactor: false },
    regionPasswordPolicy: { minimumLength: 14, remembered: 24 },
    regionCredentials: {
      at,
      users: [
        { ...credential("<root_account>"), root: true, passwordUsed: "2025-03-01T00:00:00.000Z" },
        { ...credential("ann"), password: true, passwordUsed: yesterday, passwordChanged: yesterday },
        { ...credential("ci"), keys: [{ active: true, rotated: yesterday, used: yesterday }, { active: false }] },
      ],
    },
    regionPrincipals: {
      account,
      entities: [
        { arn: `${root}:user/ann`, kind: "user", inline: [], attached: [], groups: [`${root}:group/people`] },
        {
          ...({ arn: `${root}:role/support`, kind: "role", inline: [] } as const),
          attached: [{ arn: support, document: allowing("support:*") }],
        },
      ],
      groups: [{ arn: `${root}:group/people`, inline: [{ document: allowing("iam:ChangePassword") }], attached: [] }],
      policies: [],
    },
    regionServerCertificates: { certificates: [{ name: "new", until: "2999-01-01T00:00:00.000Z", expired: false }] },
    regionAnalyzers: regions.map((region) => ({ region, active: ["account"] })),
    regionBuckets: [bucket, "biplane-logs-us-east-2"].map((name) => ({
      ...{ name, encrypted: true, mfaDelete: true, blocked: true },
      policy: tlsOnly(name),
    })),
    regionPublicAccess: { blocked: true },
    regionDiskDefaults: regions.map((region) => ({ region, encrypted: true })),
    regionSealing: regions.map((region) => ({
      region,
      databases: [{ arn: `arn:aws:rds:${region}:${account}:db:one`, encrypted: true }],
      keys: [key],
    })),
    regionTrailEvents: [
      {
        ...{ arn: trail, bucket, bucketBlocked: true, bucketLogged: true, logsHoursAgo: 0.1 },
        management: { reads: true, writes: true },
        objects: { reads: ["arn:aws:s3"], writes: ["arn:aws:s3"] },
      },
    ],
    regionRecorders: regions.map((region, index) => ({
      region,
      recorders: [{ name: "default", all: true, global: index === 0, recording: true, last: "SUCCESS" }],
    })),
    regionNetworks: regions.map((region, index) => network(region, index === 0 ? groups : [])),
    regionLogFilters: {
      region: trail.split(":")[3] ?? "",
      filters: logAlarms.map(({ id, pattern }) => ({
        ...{ name: id, group, pattern },
        metrics: [{ namespace: "Biplane/Audit", name: id }],
      })),
    },
    regionSubscribed: { topics: [topic] },
  };
}

/** Of the filters. */
export function goodAccountAlarms(topic: string): AlarmFact[] {
  return logAlarms.map(({ id }) => ({
    ...{ name: id, namespace: "Biplane/Audit", metric: id, dimensions: {}, enabled: true, actions: [topic] },
  }));
}

function credential(user: string): BaselineFacts["regionCredentials"]["users"][number] {
  return { user, root: false, password: false, secondFactor: true, keys: [{ active: false }, { active: false }] };
}

function network(region: string, groups: SecurityGroupFact[]): NetworksFact {
  const id = `vpc-${region}`;
  return {
    region,
    networks: [{ id, flowLogs: [{ id: `fl-${region}`, active: true, traffic: "ALL" }] }],
    accessLists: [
      {
        id: `acl-${region}`,
        incoming: [
          { order: 90, allows: false, protocol: "6", ports: { from: 22, to: 22 }, network: "0.0.0.0/0" },
          { order: 91, allows: false, protocol: "6", ports: { from: 3389, to: 3389 }, network: "0.0.0.0/0" },
          { order: 92, allows: false, protocol: "17", ports: { from: 3389, to: 3389 }, network: "0.0.0.0/0" },
          { order: 100, allows: true, protocol: "-1", network: "0.0.0.0/0" },
          { order: 32_767, allows: false, protocol: "-1", network: "0.0.0.0/0" },
        ],
      },
    ],
    groups: [...groups, { id: `sg-default-${region}`, name: "default", vpcId: id, rules: [] }],
  };
}

function allowing(action: string) {
  return document({ Effect: "Allow", Action: action, Resource: "*" });
}

function tlsOnly(name: string) {
  const Resource = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
  const Condition = { Bool: { "aws:SecureTransport": "false" } };
  return document({ Effect: "Deny", Principal: "*", Action: "s3:*", Resource, Condition });
}

function document(statement: object) {
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
}
