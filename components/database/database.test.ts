import { describe, expect, it } from "vitest";
import { type Recorded, recordResources } from "../testing/record-resources.ts";
import { Database } from "./aws.ts";

const build = (dataProtection = true): Promise<Recorded> =>
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
      }),
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

  it("refuses plain connections", async () => {
    const { inputs } = (await build()).one("aws:rds/parameterGroup:ParameterGroup");
    expect(inputs.parameters).toContainEqual({ name: "rds.force_ssl", value: "1", applyMethod: "immediate" });
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
