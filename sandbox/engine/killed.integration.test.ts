/** Killing an update at any moment leaves a state from which the next one succeeds, and nothing made twice. */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { destroyStack, upStack } from "./index.ts";
import { readJournal } from "./journal.ts";
import { isLocked, readState, stackLayout } from "./layout.ts";
import { type Emulated, startEmulated } from "./testing/emulated.ts";
import { network } from "./testing/network-program.ts";
import { enginesOf } from "./turn.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const long = Boolean(process.env.BIPLANE_LONG);
const rounds = long ? 20 : 1;
/** BIPLANE_SEED repeats the random moments of an earlier run. */
const seed = Number(process.env.BIPLANE_SEED ?? randomInt(1e6));
const stack = () => ({ ...network(), providers: world.providers });
const layoutOf = () => stackLayout(world.sandbox.paths, "killed");
const recorded = () => readState(layoutOf())?.resources?.length ?? -1;

interface Running {
  gone(): boolean;
  kill(): Promise<void>;
}

function startUp(): Running {
  const program = fileURLToPath(new URL("./testing/killed-main.ts", import.meta.url));
  const child = spawn(process.execPath, [program, world.state, world.endpoint], { stdio: "ignore" });
  const ended = once(child, "exit");
  return {
    gone: () => child.exitCode !== null,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** @param resources how many the state is to have when SIGKILL is sent */
async function killedAt(resources: number, afterwardsMs = 0): Promise<void> {
  const up = startUp();
  while (!up.gone() && recorded() < resources) await sleep(5);
  await sleep(afterwardsMs);
  await up.kill();
}

async function inventory(): Promise<Record<string, number | undefined>> {
  const [ec2, s3, iam] = [await world.cloud.ec2(), await world.cloud.s3(), await world.cloud.iam()];
  const tagged = { Filters: [{ Name: "tag-key", Values: ["Name"] }] };
  const tables = (await ec2.describeRouteTables(tagged)).RouteTables ?? [];
  const rules = (await ec2.describeSecurityGroupRules({})).SecurityGroupRules ?? [];
  const roles = ((await iam.listRoles({})).Roles ?? []).filter(({ RoleName }) => RoleName === "killed");
  const policies = await Promise.all(roles.map(({ RoleName }) => iam.listRolePolicies({ RoleName })));
  return {
    vpcs: (await ec2.describeVpcs(tagged)).Vpcs?.length,
    gateways: (await ec2.describeInternetGateways(tagged)).InternetGateways?.length,
    subnets: (await ec2.describeSubnets(tagged)).Subnets?.length,
    tables: tables.length,
    associations: tables.flatMap(({ Associations = [] }) => Associations).filter(({ SubnetId }) => SubnetId).length,
    groups: (await ec2.describeSecurityGroups(tagged)).SecurityGroups?.length,
    rules: rules.filter(({ CidrIpv4 }) => CidrIpv4 === "10.0.0.0/8").length,
    buckets: (await s3.listBuckets({})).Buckets?.length,
    roles: roles.length,
    policies: policies.flatMap(({ PolicyNames = [] }) => PolicyNames).length,
  };
}

const whole = {
  ...{ vpcs: 1, gateways: 1, subnets: 3, tables: 3, associations: 3, groups: 1, rules: 1 },
  ...{ buckets: 3, roles: 1, policies: 1 },
};
const none = Object.fromEntries(Object.keys(whole).map((kind) => [kind, 0]));

async function upMakesEachOnce(): Promise<void> {
  await upStack(world.sandbox, stack());
  expect(await inventory()).toEqual(whole);
  expect(isLocked(layoutOf())).toBe(false);
  expect(readJournal(layoutOf())).toEqual([]);
  await destroyLeavesNothing();
}

async function destroyLeavesNothing(): Promise<void> {
  await destroyStack(world.sandbox, stack());
  expect(await inventory()).toEqual(none);
}

for (let round = 1; round <= rounds; round++) {
  const which = long ? ` (round ${round})` : "";
  for (const resources of [0, 1, 4, 7, 11, 15]) {
    test(`killed with ${resources} resources recorded: the next up makes each object once${which}`, async () => {
      await killedAt(resources);
      await upMakesEachOnce();
    });
  }

  test(`killed in the middle, the next destroy leaves nothing${which}`, async () => {
    await killedAt(8);
    await destroyLeavesNothing();
  });

  const [soon, later] = [momentOf(2 * round), momentOf(2 * round + 1)];
  test(`killed ${soon} ms after its first record (seed ${seed}): the next up makes each object once`, async () => {
    await killedAt(1, soon);
    await upMakesEachOnce();
  });

  test(`killed ${later} ms after its first record (seed ${seed}): the next destroy leaves nothing`, async () => {
    await killedAt(1, later);
    await destroyLeavesNothing();
  });
}

test.runIf(long)(`killed again while it mends (seed ${seed}): the next up makes each object once`, async () => {
  await killedAt(8);
  const up = startUp();
  // About as long as a process takes to begin to mend.
  await sleep(1_500 + momentOf(1));
  await up.kill();
  await upMakesEachOnce();
});

test("an engine that dies under its update: the next up makes each object once", async () => {
  const updated = upStack(world.sandbox, stack()).catch((error: unknown) => error);
  while (recorded() < 6) await sleep(5);
  for (const pid of enginesOf(layoutOf())) process.kill(pid, "SIGKILL");
  expect(await updated).toBeInstanceOf(Error);
  await upMakesEachOnce();
});

/** Milliseconds, evenly over the time in which the objects are made. */
function momentOf(draw: number): number {
  // The multiplier and increment of Numerical Recipes; only the upper bits are good.
  let state = (seed + draw * 7919) >>> 0;
  for (let step = 0; step < 4; step++) state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * 1800);
}
