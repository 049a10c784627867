import { describe, expect, it } from "vitest";
import { type NarrowRoleKind, narrowRole, narrowRoles, renderNarrowPolicy, renderNarrowTrust } from "./narrow-roles.ts";

const scope = {
  region: "us-east-2",
  account: "222222222222",
  cluster: "main",
  issuer: { issuer: "oidc.test", providerArn: "arn:aws:iam::222222222222:oidc-provider/oidc.test" },
  logGroup: "/biplane/acme/main",
  namespace: "union-cp",
  bucket: "records",
  repository: "union/tasks",
};
const kinds = Object.keys(narrowRoles) as NarrowRoleKind[];

interface Document {
  Statement: { Action: string[]; Resource: string | string[] }[];
}
const statements = (kind: NarrowRoleKind) => (renderNarrowPolicy(kind, scope) as Document | undefined)?.Statement ?? [];
const actions = (kind: NarrowRoleKind) => statements(kind).flatMap(({ Action }) => Action);

describe("the narrow roles", () => {
  it("are exactly these, each with AWS's policies or the families that are written here, and nothing beyond", () => {
    const table = kinds.map((kind) => [
      kind,
      [...narrowRole(kind).managed, ...new Set(actions(kind).map((action) => action.split(":")[0] ?? ""))].join(" "),
    ]);
    expect(Object.fromEntries(table)).toEqual({
      cluster: "AmazonEKSClusterPolicy",
      node: "AmazonEKSWorkerNodePolicy AmazonEC2ContainerRegistryPullOnly",
      "vpc-cni": "AmazonEKS_CNI_Policy",
      "disk-driver": "service-role/AmazonEBSCSIDriverPolicy",
      "node-autoscaler": "autoscaling ec2 eks",
      "node-patching": "eks ec2",
      "image-builder": "ecr",
      "log-shipper": "logs",
      "flow-logs": "logs",
      "audit-trail": "logs",
      "audit-export": "s3 cloudwatch",
      backup: "rds backup tag",
      "database-monitoring": "service-role/AmazonRDSEnhancedMonitoringRole",
    });
  });

  it.each(kinds)("%s: no wildcard action; every resource only for calls that know no other", (kind) => {
    expect(actions(kind).filter((action) => action.includes("*"))).toEqual([]);
    const everywhere = statements(kind).filter(({ Resource }) => Resource === "*");
    expect(everywhere.flatMap(({ Action }) => Action)).toSatisfy((seen: string[]) =>
      seen.every((action) =>
        /^(autoscaling|ec2):(Describe|GetInstanceTypes)|^ecr:GetAuth|^tag:GetRes|^cloudwatch:PutMetricData$/.test(
          action,
        ),
      ),
    );
  });

  it("none of them decrypts, reads secrets or logs, or changes IAM", () => {
    const all = kinds.flatMap(actions);
    expect(all.filter((action) => /^(kms|secretsmanager|iam|sts):|^logs:(Get|Filter|Start)/.test(action))).toEqual([]);
    const reaching = kinds.filter((kind) => actions(kind).some((action) => action.startsWith("s3:")));
    expect(reaching).toEqual(["audit-export"]);
  });

  it("the audit's export adds objects under its own prefix, tells one measure, and reads nothing", () => {
    expect(statements("audit-export")).toEqual([
      { Effect: "Allow", Action: ["s3:PutObject"], Resource: "arn:aws:s3:::records/records/*" },
      {
        Effect: "Allow",
        Action: ["cloudwatch:PutMetricData"],
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": "Biplane/AuditExport" } },
      },
    ]);
  });

  it("the log shipper makes streams and puts events in the plane's group; one that looks first may do that too", () => {
    const group = "arn:aws:logs:us-east-2:222222222222:log-group:/biplane/acme/main";
    const written = (shipper: "fluent-bit" | "telegraf") =>
      (renderNarrowPolicy("log-shipper", { ...scope, shipper }) as Document).Statement;
    expect(written("fluent-bit")).toEqual([
      { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: [group, `${group}:*`] },
    ]);
    expect(written("telegraf")).toEqual([
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        Resource: [group, `${group}:*`],
      },
      {
        Effect: "Allow",
        Action: ["logs:DescribeLogGroups"],
        Resource: "arn:aws:logs:us-east-2:222222222222:log-group:*",
      },
    ]);
  });

  it("the image builder pushes to one repository, removes nothing from it, and reaches no bucket", () => {
    const push = statements("image-builder").find(({ Action }) => Action.includes("ecr:PutImage"));
    expect(push?.Resource).toBe("arn:aws:ecr:us-east-2:222222222222:repository/union/tasks");
    expect(actions("image-builder").filter((action) => /Delete|Tag|Policy|Lifecycle/.test(action))).toEqual([]);
  });
});

describe("renderNarrowTrust", () => {
  it.each(kinds)("%s: one statement for one service or one service account", (kind) => {
    const { Statement } = renderNarrowTrust(kind, scope);
    expect(Statement).toHaveLength(1);
    const text = JSON.stringify(Statement[0]);
    expect(text).not.toContain("*");
    expect(text).toMatch(/"Service":"[a-z0-9.-]+\.amazonaws\.com"|"system:serviceaccount:[a-z-]+:[a-z-]+"\]/);
  });

  it("binds services that can be sent by others to this account", () => {
    expect(renderNarrowTrust("backup", scope).Statement[0]).toMatchObject({
      Condition: { StringEquals: { "aws:SourceAccount": "222222222222" } },
    });
  });

  it("lets the audit's export be taken by its account in the namespace that the stack chose, and by no other", () => {
    const subjectOf = (namespace?: string) =>
      JSON.stringify(renderNarrowTrust("audit-export", { ...scope, namespace }));
    expect(subjectOf("cp")).toContain("system:serviceaccount:cp:audit");
    expect(() => subjectOf(undefined)).toThrow(/namespace of the audit-export role is missing/);
  });

  it("refuses a pod's role without an identity provider, and a policy without what it names", () => {
    expect(() => renderNarrowTrust("vpc-cni", { account: "1" })).toThrow(/issuer of the vpc-cni role is missing/);
    expect(() => renderNarrowPolicy("flow-logs", { ...scope, logGroup: undefined })).toThrow(
      /logGroup of the flow-logs/,
    );
  });
});
