/** The mandatory pack on the real engine: what unit tests cannot see is that the engine asks it, and obeys. */

import { join } from "node:path";
import * as aws from "@pulumi/aws";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkout } from "../../cli/context.ts";
import { identityPrograms } from "../../policies/testing/identity-programs.ts";
import { destroyStack, previewStack, upStack } from "./index.ts";
import { type Emulated, startEmulated } from "./testing/emulated.ts";

let world: Emulated;
beforeAll(async () => {
  world = await startEmulated();
});
afterAll(() => world?.close());

const run = (build: () => void) => ({
  stack: "policies",
  program: async () => {
    build();
    return {};
  },
  config: {},
  secrets: {},
  account: "customer" as const,
  plane: "customer" as const,
  providers: world.providers,
  policyPack: join(checkout, "policies"),
});

const tags = { "biplane:managed-by": "pulumi", "biplane:plane": "compute", "biplane:cluster": "one" };

it("stops a preview, and names the rule, the resource and the claims", async () => {
  const refused = previewStack(
    world.sandbox,
    run(() => identityPrograms["rights-are-bounded"]?.bad()),
  );
  await expect(refused).rejects.toThrow(
    /aws:iam\/rolePolicy:RolePolicy::policy\n {2}rights-are-bounded: .*lp-iam-minimum-permissions/,
  );
});

it("stops an up before the resource is made", async () => {
  const refused = upStack(
    world.sandbox,
    run(() => new aws.kms.Key("key", { tags })),
  );
  await expect(refused).rejects.toThrow(/key-rotates: .*enableKeyRotation is not on/s);
  expect((await (await world.cloud.kms()).listKeys({})).Keys).toEqual([]);
});

it("sees what is missing beside a resource once the whole stack is known", async () => {
  const bare = () => {
    new aws.s3.Bucket("bare", { bucket: "a-bare-bucket", tags });
  };
  await expect(previewStack(world.sandbox, run(bare))).rejects.toThrow(/bucket-is-whole.*blocks public access/s);
});

it("lets a program pass that keeps the rules", async () => {
  const key = run(() => new aws.kms.Key("key", { enableKeyRotation: true, tags }));
  expect((await upStack(world.sandbox, key)).changes).toMatchObject({ create: 1 });
  await destroyStack(world.sandbox, key);
});
