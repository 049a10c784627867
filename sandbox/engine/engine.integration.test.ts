/** The real engine and the real SDKs on an emulated account of the test's own; no planes needed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ec2, iam, Provider, s3, sqs } from "@pulumi/aws";
import { Config } from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { RandomPassword } from "@pulumi/random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../shared/errors.ts";
import { destroyStack, importResource, previewStack, refreshStack, type StackRun, upStack } from "./index.ts";
import { type Emulated, startEmulated } from "./testing/emulated.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

type Build = (opts: { provider: Provider }) => Record<string, unknown>;

function run(stack: string, build: Build, more: Partial<StackRun> = {}): StackRun {
  const program = async () => build({ provider: new Provider("aws", { region: "us-east-2" }) });
  const account = { account: "customer", plane: "customer" } as const;
  return { stack, program, config: {}, secrets: {}, ...account, providers: world.providers, ...more };
}

const trust = {
  Version: "2012-10-17" as const,
  Statement: [{ Effect: "Allow" as const, Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }],
};

/** `operation name path` of each change that the engine plans. */
async function planned(stackRun: StackRun): Promise<string[]> {
  const seen: string[] = [];
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    const { op = "same", urn = "", detailedDiff } = resourcePreEvent?.metadata ?? {};
    if (op === "same") return;
    seen.push([op, urn.split("::").at(-1), ...Object.keys(detailedDiff ?? {})].join(" "));
  };
  await previewStack(world.sandbox, { ...stackRun, onEvent });
  return seen.sort();
}

const stateFile = (stack: string) => join(world.sandbox.paths.stacks, ".pulumi/stacks/biplane", `${stack}.json`);

test("a second up changes nothing, and secrets rest encrypted", async () => {
  const stack = run(
    "twice",
    (opts) => {
      const bucket = new s3.Bucket("twice", { forceDestroy: true, tags: { a: "1" } }, opts);
      const password = new RandomPassword("password", { length: 30, special: false });
      return { bucket: bucket.bucket, password: password.result, token: new Config().requireSecret("token") };
    },
    { config: { plain: "visible" }, secrets: { token: "a-token-that-nobody-may-read" } },
  );
  const first = await upStack(world.sandbox, stack);
  expect(first.changes).toEqual({ create: 4 });
  expect(first.outputs.bucket).toMatch(/^twice-[0-9a-f]{7}$/);
  expect(first.outputs.token).toBe("a-token-that-nobody-may-read");
  expect(first.secretOutputs.sort()).toEqual(["password", "token"]);
  const second = await upStack(world.sandbox, stack);
  expect(second.changes).toEqual({ same: 4 });
  expect(second.outputs).toEqual(first.outputs);
  const resting = [stateFile("twice"), join(world.sandbox.paths.stacks, "twice", "Pulumi.twice.yaml")];
  for (const text of resting.map((file) => readFileSync(file, "utf8"))) {
    expect(text).not.toContain("a-token-that-nobody-may-read");
    expect(text).not.toContain(first.outputs.password);
  }
});

test("a changed input is the one change that is planned, and is made in place", async () => {
  const build =
    (tags: Record<string, string>): Build =>
    (opts) => {
      const vpc = new ec2.Vpc("vpc", { cidrBlock: "10.1.0.0/16", tags }, opts);
      return { id: vpc.id };
    };
  const { outputs } = await upStack(world.sandbox, run("changed", build({ a: "1" })));
  const next = run("changed", build({ a: "2" }));
  expect(await planned(next)).toEqual(["update vpc tags.a"]);
  const updated = await upStack(world.sandbox, next);
  expect(updated.changes).toEqual({ same: 2, update: 1 });
  expect(updated.outputs).toEqual(outputs);
  const held = await (await world.cloud.ec2()).describeVpcs({ VpcIds: [String(outputs.id)] });
  // Beside the program's own tags an object without a name keeps the mark of its making.
  const own = held.Vpcs?.[0]?.Tags?.filter(({ Key }) => Key !== "biplane:intent");
  expect(own).toEqual([{ Key: "a", Value: "2" }]);
});

test("what cannot change in place is made anew, and the old one is gone", async () => {
  const build =
    (cidrBlock: string): Build =>
    (opts) => {
      const vpc = new ec2.Vpc("vpc", { cidrBlock }, opts);
      const group = new ec2.SecurityGroup("group", { name: "fixed", vpcId: vpc.id }, opts);
      return { vpc: vpc.id, group: group.id };
    };
  const first = await upStack(world.sandbox, run("replaced", build("10.2.0.0/16")));
  const next = run("replaced", build("10.3.0.0/16"));
  expect(await planned(next)).toContain("replace vpc cidrBlock");
  const second = await upStack(world.sandbox, next);
  expect(second.changes).toMatchObject({ replace: 2 });
  expect(second.outputs.vpc).not.toBe(first.outputs.vpc);
  const vpcs = (await (await world.cloud.ec2()).describeVpcs({})).Vpcs?.map(({ VpcId }) => VpcId);
  expect(vpcs).toContain(second.outputs.vpc);
  expect(vpcs).not.toContain(first.outputs.vpc);
});

test("a refresh sees what others changed, added and removed, and the next up puts it right", async () => {
  const stack = run("refreshed", (opts) => {
    new s3.Bucket("kept", { bucket: "refreshed-kept", tags: { a: "1" } }, opts);
    new s3.Bucket("lost", { bucket: "refreshed-lost" }, opts);
    new iam.Role("role", { name: "refreshed", assumeRolePolicy: trust }, opts);
    return {};
  });
  await upStack(world.sandbox, stack);
  expect((await refreshStack(world.sandbox, stack)).changes).toEqual({ same: 5 });
  const cloudS3 = await world.cloud.s3();
  const TagSet = [
    { Key: "a", Value: "1" },
    { Key: "by", Value: "hand" },
  ];
  await cloudS3.putBucketTagging({ Bucket: "refreshed-kept", Tagging: { TagSet } });
  await cloudS3.deleteBucket({ Bucket: "refreshed-lost" });
  await (await world.cloud.iam()).updateRole({ RoleName: "refreshed", MaxSessionDuration: 7200 });
  expect((await refreshStack(world.sandbox, stack)).changes).toMatchObject({ update: 2, delete: 1 });
  expect(await planned(stack)).toEqual(["create lost", "update kept tags.by", "update role maxSessionDuration"]);
  await upStack(world.sandbox, stack);
  expect((await cloudS3.getBucketTagging({ Bucket: "refreshed-kept" })).TagSet).toEqual([{ Key: "a", Value: "1" }]);
  expect((await upStack(world.sandbox, stack)).changes).toEqual({ same: 5 });
});

test("an object that exists is imported as it is, and then belongs to the program", async () => {
  const ec2Client = await world.cloud.ec2();
  const { Vpc } = await ec2Client.createVpc({ CidrBlock: "10.9.0.0/16" });
  const id = String(Vpc?.VpcId);
  const stack = run("imported", () => ({}));
  await upStack(world.sandbox, stack);
  await importResource(world.sandbox, stack, { type: "aws:ec2/vpc:Vpc", name: "found", id });
  const owned = run("imported", (opts) => ({ id: new ec2.Vpc("found", { cidrBlock: "10.9.0.0/16" }, opts).id }));
  const { changes, outputs } = await upStack(world.sandbox, owned);
  expect(changes).toMatchObject({ same: 3 });
  expect(outputs.id).toBe(id);
});

test("destroy removes everything, a bucket with objects too", async () => {
  const stack = run("destroyed", (opts) => {
    new s3.Bucket("full", { bucket: "destroyed-full", forceDestroy: true }, opts);
    return {};
  });
  await upStack(world.sandbox, stack);
  const client = await world.cloud.s3();
  await client.putObject({ Bucket: "destroyed-full", Key: "a/b", Body: "x" });
  expect((await destroyStack(world.sandbox, stack)).changes).toMatchObject({ delete: 3 });
  await expect(client.headBucket({ Bucket: "destroyed-full" })).rejects.toThrow();
  expect((await destroyStack(world.sandbox, stack)).changes).toEqual({});
});

async function refused(stack: StackRun): Promise<string> {
  const error = await upStack(world.sandbox, stack).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toMatch(/\n\s+at /);
  return message;
}

test("a refusal of the cloud reaches the person with the resource's URN and the provider's words", async () => {
  const message = await refused(
    run("refusal", (opts) => {
      new iam.RolePolicy("orphan", { role: "nobody", policy: { Version: "2012-10-17", Statement: [] } }, opts);
      return {};
    }),
  );
  expect(message).toContain("urn:pulumi:refusal::biplane::aws:iam/rolePolicy:RolePolicy::orphan");
  expect(message).toContain("nobody");
});

test("an unknown type is named, with the table that it could be added to", async () => {
  const message = await refused(
    run("unknown", (opts) => {
      new sqs.Queue("queue", {}, opts);
      return {};
    }),
  );
  expect(message).toContain("does not know the type aws:sqs/queue:Queue");
  expect(message).toContain("sandbox/providers/aws/");
});

test("what the program itself refuses is told as it was said", async () => {
  const stack = run("said", () => {
    throw new UserError("shape is triangle; allowed: region, customer.");
  });
  expect(await refused(stack)).toBe("shape is triangle; allowed: region, customer.");
});

test("two operations on one stack do not run at once", async () => {
  const stack = run("busy", () => ({}));
  const [first, second] = await Promise.allSettled([upStack(world.sandbox, stack), upStack(world.sandbox, stack)]);
  expect(first.status).toBe("fulfilled");
  expect(second).toMatchObject({
    status: "rejected",
    reason: { message: expect.stringContaining("Stack busy is being") },
  });
});
