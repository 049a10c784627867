/** Each model, whole: up, up again, used, verified, protected, and taken away by `pulumi destroy`. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readState, stackLayout } from "../../sandbox/engine/layout.ts";
import { type OfficialCli, startOfficialCli } from "../../sandbox/engine/testing/official-cli.ts";
import { readEnvironment } from "../../sandbox/environment.ts";
import { accounts, operatorRole, type Plane } from "../../sandbox/hosts.ts";
import { localRunSteps } from "../../sandbox/local-run.ts";
import { type Model, models } from "../../sandbox/model.ts";
import { adminOf } from "../../sandbox/node/api-server.ts";
import { nodeLayout } from "../../sandbox/node/layout.ts";
import { openCloud } from "../../sandbox/providers/aws/cloud.ts";
import { localBacking } from "../../sandbox/providers/aws/local.ts";
import { local } from "../../sandbox/stacks.ts";
import { locateToolchain } from "../../sandbox/toolchain/index.ts";
import { thingsOf } from "../kit/account.ts";
import { objectsOf } from "../kit/cluster.ts";
import { foreignEdges, worldIn } from "../kit/policies.ts";
import { biplane } from "../support/biplane.ts";
import { leftovers } from "../support/leftovers.ts";
import { here } from "../support/paths.ts";

const stacks: [stack: string, plane: Plane][] = [
  [local.customerStack, "customer"],
  [local.customerBaseStack, "customer"],
  [local.regionStack, "region"],
];
const cloudOf = (plane: Plane, region?: string) => openCloud(accounts[plane], localBacking(here, plane, plane), region);

/** Who of another account is let into the customer's, and to what. */
function letIn(model: Model): { from: string; to: unknown }[] {
  if (model === "self-managed") return [];
  const { managementRoleArn, privateLinkService } = readEnvironment(here).outputs.customerBase;
  const vendor = operatorRole(accounts.region);
  return [
    { from: `AWS:${vendor}`, to: managementRoleArn },
    { from: vendor, to: privateLinkService },
    { from: accounts.region, to: privateLinkService },
  ];
}

/**
 * Once a process: what it learns of the planes, such as their addresses and logins, it keeps.
 *
 * @param whileUp more tests, of planes that are up and were verified
 */
export function describeModel(model: Model, whileUp: () => void = () => {}): void {
  let cli: OfficialCli;
  beforeAll(async () => {
    await biplane(["down"]);
    cli = await startOfficialCli({ paths: here, tools: locateToolchain(here), progress: () => {} });
  });
  afterAll(async () => {
    cli?.close();
    await biplane(["down"]);
  });

  it("comes up whole though the first try was killed amid the stacks, and again without a change", async () => {
    const killed = await biplane(["up", "--model", model], {
      kill: { after: localRunSteps.region, delayMs: 20_000 },
    });
    expect(killed.killed, killed.output).toBe(true);
    const left = readState(stackLayout(here, local.regionStack))?.resources ?? [];
    expect(left.length, "resources that the killed one had made in the region").toBeGreaterThan(1);
    const up = await biplane(["up", "--model", model]);
    expect(up.exitCode, up.output).toBe(0);
    expect(up.output).toMatch(new RegExp(`customer base {3}\\d+ create, ${model}`));
    process.stdout.write(
      `${up.output
        .split("\n")
        .filter((line) => /stack|base/.test(line))
        .join("\n")}\n`,
    );
    const again = await biplane(["up"]);
    expect(again.output.match(/nothing to do/g), again.output).toHaveLength(3);
    const other = models.find((one) => one !== model) ?? "";
    expect((await biplane(["up", "--model", other])).output).toContain(`run has begun with: ${model}`);
  });

  it.each(stacks)("is the same by Pulumi's own entry: %s", async (stack, plane) => {
    const { exitCode, all } = await cli.run(stack, plane, ["preview", "--expect-no-changes"]);
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/\d{2,} unchanged/);
  });

  it("lets the region in by what its model needs, and nobody else", async () => {
    const cloud = cloudOf("customer");
    expect(await foreignEdges(cloud, await worldIn(cloud))).toEqual(letIn(model));
    const { VpcEndpointConnections } = await (await cloud.ec2()).describeVpcEndpointConnections({});
    const states = VpcEndpointConnections?.map(({ VpcEndpointState }) => VpcEndpointState);
    expect(states).toEqual(model === "byoc" ? ["available"] : []);
  });

  it("runs a task, and is verified as what it is", async () => {
    const run = await biplane(["run", "examples/hello.py", "hello", "--name", model]);
    expect(run.exitCode, run.output).toBe(0);
    expect(run.output).toContain(model);
    const file = `${here.state}/verify-${model}.json`;
    const verified = await biplane(["verify", "--json", file]);
    expect(verified.exitCode, verified.output).toBe(0);
    const { target, counts } = JSON.parse(readFileSync(file, "utf8")) as {
      target: { model: string };
      counts: Record<string, number>;
    };
    expect(target.model).toBe(model);
    expect(counts).toMatchObject({ FAIL: 0 });
    expect(counts.PASS).toBeGreaterThan(20);
  });

  whileUp();

  it.each(stacks)("is not destroyed while %s protects data: what holds it is named", async (stack, plane) => {
    const on = await cli.run(stack, plane, ["up", "--yes", "--skip-preview", "--config", "biplane:dataProtection=on"]);
    expect(on.exitCode, on.all).toBe(0);
    const before = await thingsOf(cloudOf(plane));
    const refused = await cli.run(stack, plane, ["destroy", "--yes"]);
    expect(refused.exitCode, refused.all).not.toBe(0);
    const named = [...refused.all.matchAll(/resource "(\S+)" cannot be deleted/g)].map(([, urn = ""]) => urn);
    expect(named.length, refused.all).toBeGreaterThan(0);
    for (const urn of named) expect(urn).toMatch(holdsData);
    expect(await thingsOf(cloudOf(plane))).toEqual(before);
  });

  it("goes whole without protection: nothing is left in either account, nor in either cluster", async () => {
    for (const [stack, plane] of stacks) {
      const off = await cli.run(stack, plane, ["up", "--yes", "--skip-preview"]);
      expect(off.exitCode, off.all).toBe(0);
      expect((await thingsOf(cloudOf(plane))).length).toBeGreaterThan(30);
      const gone = await cli.run(stack, plane, ["destroy", "--yes", "--skip-preview"]);
      expect(gone.exitCode, gone.all).toBe(0);
    }
    for (const plane of ["region", "customer"] as const) {
      expect(await thingsOf(cloudOf(plane)), plane).toEqual([]);
      expect(await thingsOf(cloudOf(plane, "us-west-2")), plane).toEqual([]);
      expect(await objectsOf(adminOf(nodeLayout(here, plane))), plane).toEqual([]);
    }
    const down = await biplane(["down"]);
    expect(down.exitCode, down.output).toBe(0);
    expect(await leftovers()).toEqual([]);
  });
}

/** Stores, users' secrets, tasks' measures, the keys and clusters that hold what is in them, and the records that must not be lost. */
const holdsData =
  /\$(?:aws:(?:s3\/bucket:Bucket|kms\/key:Key|rds\/\w+:\w+|eks\/cluster:Cluster|ecr\/repository:Repository|backup\/vault:Vault|cloudtrail\/trail:Trail|cloudwatch\/logGroup:LogGroup|secretsmanager\/secret:Secret)::|kubernetes:core\/v1:(?:Secret::compute-plane-user-secrets-\d+|PersistentVolumeClaim::compute-plane-metrics-store)$)/;
