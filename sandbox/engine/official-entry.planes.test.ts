/** What a user's `pulumi preview` does: Pulumi.yaml's main by Pulumi's own entry, no inline program, on the stacks that are up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../paths.ts";
import { local } from "../stacks.ts";
import { locateToolchain } from "../toolchain/index.ts";
import { type OfficialCli, startOfficialCli } from "./testing/official-cli.ts";

const here = paths();
let cli: OfficialCli;
beforeAll(async () => {
  cli = await startOfficialCli({ paths: here, tools: locateToolchain(here), progress: () => {} });
});
afterAll(() => cli?.close());

const expecting = (...config: string[]) => [
  ...["preview", "--expect-no-changes"],
  ...config.flatMap((setting) => ["--config", setting]),
];

describe.each([
  [local.regionStack, "region"],
  [local.customerBaseStack, "customer"],
  [local.customerStack, "customer"],
] as const)("the stack %s by the official entry", (stack, plane) => {
  it("is the same program that `up` ran inline: nothing would change", async () => {
    const { exitCode, all } = await cli.run(stack, plane, expecting());
    expect(all).toMatch(/\d{2,} unchanged/);
    expect(exitCode).toBe(0);
  });
});

describe("a changed setting by the official entry", () => {
  it("is seen, and refused where no change was expected", async () => {
    const { exitCode, all } = await cli.run(local.customerStack, "customer", expecting("biplane:replicas=3"));
    expect(all).toMatch(/~ \d+ to update/);
    expect(exitCode).not.toBe(0);
  });

  it("that is wrong is told as the program says it", async () => {
    const { exitCode, all } = await cli.run(local.customerStack, "customer", expecting("biplane:replicas=0"));
    expect(all).toContain("allowed: a whole number from 1 to 20");
    expect(exitCode).not.toBe(0);
  });
});
