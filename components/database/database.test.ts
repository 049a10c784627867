import { describe, expect, it } from "vitest";
import { type Recorded, type RecordOptions, recordResources } from "../testing/record-resources.ts";
import { Database, type DatabaseArgs } from "./aws.ts";
import { checkWindows } from "./windows.ts";

const build = (
  dataProtection = true,
  changes: Partial<DatabaseArgs> = {},
  options: RecordOptions = {},
): Promise<Recorded> =>
  recordResources(
    () =>
      new Database("region-db", {
        region: "us-east-2",
        account: "111111111111",
        vpcId: "vpc",
        subnetIds: ["isolated-a", "isolated-b"],
        clientSecurityGroupId: "sg-cluster",
        dataProtection,
        tags: { owner: "us" },
        ...changes,
      }),
    options,
  );

const instanceType = "aws:rds/instance:Instance";

describe("Database", () => {
  it("stands in several zones, encrypted under its own key, reachable by no public address", async () => {
    const made = await build();
    expect(made.one(instanceType).inputs).toMatchObject({
      engineVersion: "17",
      multiAz: true,
      storageEncrypted: true,
      kmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/region-db-key",
      publiclyAccessible: false,
      dbSubnetGroupName: "region-db",
    });
    expect(made.one("aws:rds/subnetGroup:SubnetGroup").inputs.subnetIds).toEqual(["isolated-a", "isolated-b"]);
  });

  it("keeps 35 days for point-in-time recovery and lets RDS hold the owner's password", async () => {
    const { inputs } = (await build()).one(instanceType);
    expect(inputs).toMatchObject({ backupRetentionPeriod: 35, manageMasterUserPassword: true });
    expect(inputs).not.toHaveProperty("password");
  });

  it("refuses plain connections and old TLS, and logs no values of statements", async () => {
    const { inputs } = (await build()).one("aws:rds/parameterGroup:ParameterGroup");
    for (const [name, value] of [
      ["rds.force_ssl", "1"],
      ["ssl_min_protocol_version", "TLSv1.2"],
      ["rds.accepted_password_auth_method", "scram"],
      ["log_connections", "1"],
      ["log_parameter_max_length", "0"],
      ["log_parameter_max_length_on_error", "0"],
    ]) {
      expect(inputs.parameters).toContainEqual({ name, value, applyMethod: "immediate" });
    }
  });

  it("writes its logs to groups of its own, sealed and kept for a year, which are there first", async () => {
    const made = await build(true, {}, { slow: ["aws:cloudwatch/logGroup:LogGroup"] });
    const groups = made.of("aws:cloudwatch/logGroup:LogGroup");
    expect(groups.map(({ inputs }) => inputs)).toMatchObject(
      ["postgresql", "upgrade"].map((log) => ({
        name: `/aws/rds/instance/region-db/${log}`,
        kmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/region-db-key",
        retentionInDays: 365,
        tags: { owner: "us" },
      })),
    );
    const instance = made.one(instanceType);
    expect(instance.inputs.enabledCloudwatchLogsExports).toEqual(["postgresql", "upgrade"]);
    for (const group of groups) expect(group.ended).toBeLessThan(instance.begun);
    const policy = String(made.one("aws:kms/key:Key").inputs.policy);
    expect(policy).toContain("arn:aws:logs:us-east-2:111111111111:log-group:/aws/rds/instance/region-db/*");
  });

  it("patches minor versions by itself in a weekly window, and seals its query measures", async () => {
    expect((await build()).one(instanceType).inputs).toMatchObject({
      autoMinorVersionUpgrade: true,
      maintenanceWindow: "sun:04:30-sun:05:30",
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: "arn:aws:kms:us-east-2:111111111111:key/region-db-key",
    });
  });

  it("measures the machine only where a role is given for it", async () => {
    expect((await build()).one(instanceType).inputs).not.toHaveProperty("monitoringInterval");
    const measured = await build(true, { monitoringRoleArn: "arn:role" });
    expect(measured.one(instanceType).inputs).toMatchObject({ monitoringInterval: 60, monitoringRoleArn: "arn:role" });
  });

  it("shows the same resources in a first preview, under the names that deployed stacks have", async () => {
    const names = ({ all }: Recorded) => all.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await build(true, {}, { preview: true }))).toEqual(names(await build()));
    expect([...new Set((await build()).all.map(({ name }) => name))].sort()).toEqual([
      "region-db",
      "region-db-key",
      "region-db-postgresql",
      "region-db-services",
      "region-db-upgrade",
    ]);
  });

  it("admits the services' group on its port, nobody else, and lets nothing out", async () => {
    const made = await build();
    const rule = made.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs;
    expect(rule).toMatchObject({ referencedSecurityGroupId: "sg-cluster", fromPort: 5432, toPort: 5432 });
    expect(rule).not.toHaveProperty("cidrIpv4");
    expect(made.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")).toEqual([]);
  });

  it("is hard to lose with data protection, and can be destroyed without", async () => {
    expect((await build(true)).one(instanceType).inputs).toMatchObject({
      deletionProtection: true,
      skipFinalSnapshot: false,
      finalSnapshotIdentifier: "region-db-final",
    });
    expect((await build(false)).one(instanceType).inputs).toMatchObject({
      deletionProtection: false,
      skipFinalSnapshot: true,
    });
  });
});

describe("checkWindows", () => {
  it.each([
    ["03:00-04:00", "sun:04:30-sun:05:30"],
    ["23:30-00:30", "sun:01:00-sun:02:00"],
    ["03:00-04:00", "sat:23:30-sun:00:30"],
  ])("takes %s with %s", (backup, maintenance) => {
    expect(() => checkWindows({ backup, maintenance })).not.toThrow();
  });

  it.each([
    ["03:00-04:00", "sun:03:30-sun:05:30", /outside the daily backup window/],
    ["23:30-00:30", "sun:00:00-sun:01:00", /outside the daily backup window/],
    ["03:00-04:00", "fri:23:00-sat:05:00", /outside the daily backup window/],
    ["03:00-03:20", "sun:04:30-sun:05:30", /the backup window .* 30 minutes to 24 hours/],
    ["03:00-04:00", "sun:04:30-mon:05:30", /the maintenance window .* 30 minutes to 24 hours/],
    ["3-4", "sun:04:30-sun:05:30", /the backup window .* hh:mm-hh:mm/],
    ["03:00-04:00", "04:30-05:30", /the maintenance window .* ddd:hh:mm/],
  ])("refuses %s with %s", (backup, maintenance, reason) => {
    expect(() => checkWindows({ backup, maintenance })).toThrow(reason);
  });
});
