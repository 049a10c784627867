/** A region is what its program says: nothing differs from it, nothing lies beside it, and what was done by hand is seen. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stackLayout } from "../../sandbox/engine/layout.ts";
import { type OfficialCli, startOfficialCli } from "../../sandbox/engine/testing/official-cli.ts";
import { accounts } from "../../sandbox/hosts.ts";
import { openCloud } from "../../sandbox/providers/aws/cloud.ts";
import { localBacking } from "../../sandbox/providers/aws/local.ts";
import { local } from "../../sandbox/stacks.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { thingsOf } from "../kit/account.ts";
import { evidenceFor, ofRegion } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";

const { proves } = evidenceFor("verify/as-code", ofRegion);
const ours = environment.clusters.region === "own";
const cloud = openCloud(accounts.region, localBacking(here, "region", "region"));
/** Reads every resource again, and compares it with the program of this checkout. */
const compare = ["preview", "--refresh", "--expect-no-changes"];

describe.skipIf(!ours)("a region that is up", { timeout: 180_000 }, () => {
  let cli: OfficialCli;
  beforeAll(async () => {
    cli = await startOfficialCli({ paths: here, tools: locateToolchain(here), progress: () => {} });
  });
  afterAll(() => cli?.close());

  it("is as the program of this checkout has it, every resource of it, and what was changed by hand is seen", async () => {
    proves(["cp-infrastructure-as-code"], "a tag that was taken off a subnet by hand is found by the same comparison");
    const asMade = await cli.run(local.regionStack, "region", compare);
    expect(asMade.exitCode, asMade.all).toBe(0);
    expect(asMade.all).toMatch(/\d{3,} unchanged/);

    const ec2 = await cloud.ec2();
    const { Subnets = [] } = await ec2.describeSubnets({
      Filters: [{ Name: "tag:biplane:plane", Values: ["control"] }],
    });
    const [subnet] = Subnets;
    const tag = subnet?.Tags?.find(({ Key }) => Key === "biplane:managed-by");
    if (!subnet?.SubnetId || !tag) throw new Error("no subnet of the region carries its stack's tag");
    const of = { Resources: [subnet.SubnetId], Tags: [tag] };
    await ec2.deleteTags(of);
    try {
      const { exitCode, all } = await cli.run(local.regionStack, "region", compare);
      expect(exitCode, all).not.toBe(0);
      expect(all).toMatch(/aws:ec2:Subnet .*diff: [~+]tags/);
    } finally {
      await ec2.createTags(of);
    }
  });

  it("has nothing in its account that no stack made", async () => {
    proves(["cp-infrastructure-as-code"], "a role that was made by hand is found by the same search");
    const state = readFileSync(stackLayout(here, local.regionStack).stateFile, "utf8");
    const { RouteTables = [] } = await (await cloud.ec2()).describeRouteTables({});
    // Each network comes with one, which no subnet of ours is left to.
    const ofTheCloud = RouteTables.filter(({ Associations = [] }) => Associations.some(({ Main }) => Main));
    const known = new Set(ofTheCloud.map(({ RouteTableId }) => RouteTableId));
    const strangers = async () =>
      (await thingsOf(cloud)).filter(({ id }) => {
        const [name = ""] = id.split(" ");
        return !known.has(name) && !state.includes(name);
      });
    expect((await thingsOf(cloud)).length).toBeGreaterThan(30);
    expect(await strangers()).toEqual([]);
    const iam = await cloud.iam();
    const RoleName = "made-by-hand";
    await iam.createRole({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [] }),
    });
    try {
      expect(await strangers()).toEqual([{ kind: "iam role", id: RoleName }]);
    } finally {
      await iam.deleteRole({ RoleName });
    }
  });
});
