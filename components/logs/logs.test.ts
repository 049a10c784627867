import { describe, expect, it } from "vitest";
import { recordResources } from "../testing/record-resources.ts";
import { TaskLogs, type TaskLogsArgs } from "./aws.ts";
import { shipperKinds } from "./contract.ts";
import { LogShipper } from "./shipper.ts";
import { shippers } from "./shippers.ts";

const settings = {
  logGroup: "/biplane/acme/main",
  region: "us-east-2",
  projectNamespaces: ["demo-development", "demo-production"],
};
const issuer = { issuer: "oidc.test/id", providerArn: "arn:aws:iam::222222222222:oidc-provider/oidc.test/id" };

const kept = (more: Partial<TaskLogsArgs> = {}) =>
  recordResources(
    () =>
      new TaskLogs("logs", {
        ...{ org: "acme", cluster: "main", clusterName: "biplane-main", region: "us-east-2", account: "222222222222" },
        ...{ issuer, shipper: "fluent-bit", dataProtection: true, tags: {} },
        ...more,
      } as TaskLogsArgs),
  );

describe("TaskLogs", () => {
  it("keeps the logs in one group, sealed with a key that CloudWatch Logs may use for it alone", async () => {
    const made = await kept();
    const key = made.one("aws:kms/key:Key");
    expect(made.one("aws:cloudwatch/logGroup:LogGroup").inputs).toMatchObject({
      name: "/biplane/acme/main",
      retentionInDays: 365,
      kmsKeyId: expect.stringContaining("key"),
    });
    expect(String(key.inputs.policy)).toContain(
      '"kms:EncryptionContext:aws:logs:arn":["arn:aws:logs:us-east-2:222222222222:log-group:/biplane/acme/main"]',
    );
  });

  it("gives the shipper's account, and no other, a role that writes this group", async () => {
    const made = await kept();
    expect(String(made.one("aws:iam/role:Role").inputs.assumeRolePolicy)).toContain(
      '"oidc.test/id:sub":["system:serviceaccount:union-logs:fluentbit-system"]',
    );
    const policy = JSON.parse(String(made.one("aws:iam/rolePolicy:RolePolicy").inputs.policy)) as {
      Statement: { Action: string[] }[];
    };
    expect(policy.Statement.flatMap(({ Action }) => Action)).toEqual(["logs:CreateLogStream", "logs:PutLogEvents"]);
  });

  it("keeps them as long as is said, and refuses what CloudWatch Logs does not know", async () => {
    const made = await kept({ retentionDays: 30 });
    expect(made.one("aws:cloudwatch/logGroup:LogGroup").inputs.retentionInDays).toBe(30);
    await expect(kept({ retentionDays: 31 })).rejects.toThrow(/^logs\.retentionDays is 31; allowed: 1, 3, 5/);
  });
});

describe.each(shipperKinds)("the configuration of %s", (kind) => {
  const text = Object.values(shippers[kind].files(settings)).join("\n");

  it("ships the logs of the projects' pods, whole lines, and no others", () => {
    const files = new Set(text.match(/\/var\/log\/pods\/[^\s",\](]+\.log/g));
    expect([...files]).toEqual(["/var/log/pods/demo-development_*/*/*.log", "/var/log/pods/demo-production_*/*/*.log"]);
    expect(text).toMatch(/\^\(\?P?<(log|message)>/);
  });

  it("goes to the plane's group, and says where it is up to on the node", () => {
    expect(text).toContain("/biplane/acme/main");
    expect(text).toContain("us-east-2");
    expect(text).toMatch(/\/offsets\/\S+/);
  });

  it("knows nothing of where it runs, and no credential", () => {
    expect(text).not.toMatch(/https?:\/\/(?!:2020)|access_key|secret_key|endpoint/i);
  });
});

describe("LogShipper", () => {
  const made = () =>
    recordResources(() => {
      new LogShipper("logs", {
        ...{ ...settings, org: "acme", shipper: "fluent-bit", roleArn: "arn:shipper", dnsServers: ["10.96.0.10/32"] },
        image: `registry.test/fluent-bit@sha256:${"0".repeat(64)}`,
        egress: { cloudflareRanges: true, endpoints: ["10.40.0.0/16"] },
      });
    });

  it("runs one pod a node: its logs read-only, its own folder, no capability, no token of the API", async () => {
    const { spec } = (await made()).one("kubernetes:apps/v1:DaemonSet").inputs as {
      spec: { template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } } };
    };
    const pod = spec.template.spec;
    expect(pod).toMatchObject({
      serviceAccountName: "fluentbit-system",
      automountServiceAccountToken: false,
      tolerations: [{ operator: "Exists" }],
      volumes: [
        { name: "files" },
        { name: "logs", hostPath: { path: "/var/log/pods" } },
        { name: "offsets", hostPath: { path: "/var/lib/biplane-log-shipper", type: "DirectoryOrCreate" } },
      ],
    });
    expect(pod.containers[0]).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      volumeMounts: [
        { name: "files", readOnly: true },
        { name: "logs", mountPath: "/var/log/pods", readOnly: true },
        { name: "offsets", mountPath: "/offsets" },
      ],
    });
  });

  it("has one role in the cloud and none in the cluster, and reaches names and TLS only", async () => {
    const all = await made();
    const types = all.all.map(({ type }) => type);
    expect(types.filter((type) => /Role|Secret/.test(type))).toEqual([]);
    const account = all.one("kubernetes:core/v1:ServiceAccount").inputs.metadata as { annotations: object };
    expect(account.annotations).toEqual({ "eks.amazonaws.com/role-arn": "arn:shipper" });
    const policies = all.of("kubernetes:networking.k8s.io/v1:NetworkPolicy").map(({ inputs }) => inputs.spec as object);
    expect(policies).toHaveLength(3);
    for (const policy of policies) expect(policy).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
    expect(JSON.stringify(policies)).not.toMatch(/"ingress":\[[^\]]|0\.0\.0\.0\/0/);
  });
});
