/** Killing an update at any moment leaves a state from which the next one succeeds, and nothing made twice. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destroyStack, upStack } from "./index.ts";
import { isLocked, readState, stackLayout } from "./layout.ts";
import { type Emulated, startEmulated } from "./testing/emulated.ts";
import { network } from "./testing/network-program.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const program = fileURLToPath(new URL("./testing/killed-main.ts", import.meta.url));

/** @param moment told when the state has so many resources; SIGKILL is sent then */
async function killedAt(resources: number): Promise<void> {
  const child = spawn(process.execPath, [program, world.state, world.endpoint], { stdio: "ignore" });
  const ended = once(child, "exit");
  const layout = stackLayout(world.sandbox.paths, "killed");
  while (child.exitCode === null && (readState(layout)?.resources?.length ?? -1) < resources) await sleep(5);
  child.kill("SIGKILL");
  await ended;
}

async function inventory(): Promise<Record<string, number | undefined>> {
  const [ec2, s3, iam] = [await world.cloud.ec2(), await world.cloud.s3(), await world.cloud.iam()];
  const tagged = { Filters: [{ Name: "tag-key", Values: ["Name"] }] };
  return {
    vpcs: (await ec2.describeVpcs(tagged)).Vpcs?.length,
    gateways: (await ec2.describeInternetGateways(tagged)).InternetGateways?.length,
    subnets: (await ec2.describeSubnets(tagged)).Subnets?.length,
    tables: (await ec2.describeRouteTables(tagged)).RouteTables?.length,
    groups: (await ec2.describeSecurityGroups(tagged)).SecurityGroups?.length,
    buckets: (await s3.listBuckets({})).Buckets?.length,
    roles: (await iam.listRoles({})).Roles?.filter(({ RoleName }) => RoleName === "killed").length,
  };
}

const whole = { vpcs: 1, gateways: 1, subnets: 3, tables: 3, groups: 1, buckets: 3, roles: 1 };
const none = { vpcs: 0, gateways: 0, subnets: 0, tables: 0, groups: 0, buckets: 0, roles: 0 };
const stack = () => ({ ...network(), providers: world.providers });

// A drill, not yet a promise: where the kill meets a create whose answer is under way, the emulator now and then keeps a
// second, unrecorded gateway or route table. `down` takes it away with the emulator.
const drill = test.runIf(process.env.BIPLANE_LONG);

for (const resources of [0, 1, 4, 7, 11, 15]) {
  drill(`killed with ${resources} resources recorded: the next up makes each object once`, async () => {
    await killedAt(resources);
    await upStack(world.sandbox, stack());
    expect(await inventory()).toEqual(whole);
    expect(isLocked(stackLayout(world.sandbox.paths, "killed"))).toBe(false);
    await destroyStack(world.sandbox, stack());
    expect(await inventory()).toEqual(none);
  });
}

drill("killed in the middle, the next destroy leaves nothing", async () => {
  await killedAt(8);
  await destroyStack(world.sandbox, stack());
  expect(await inventory()).toEqual(none);
});
