/** What a user's `pulumi preview` does: Pulumi.yaml's main by Pulumi's own entry, no inline program, on the stacks that are up. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkout } from "../../cli/context.ts";
import { paths } from "../paths.ts";
import { type Providers, startProviders } from "../providers/index.ts";
import { local } from "../stacks.ts";
import { locateToolchain } from "../toolchain/index.ts";
import { stackLayout } from "./layout.ts";
import { type Host, serveOfficialEntry } from "./testing/official-entry.ts";

const here = paths();
const sandbox = { paths: here, tools: locateToolchain(here), progress: () => {} };
let host: Host;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-entry-"));
  host = await serveOfficialEntry();
});
afterAll(() => {
  host?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function preview(stack: string, providers: Providers, ...more: string[]) {
  const layout = stackLayout(here, stack);
  // A copy: the engine writes what `--config` gives back into the file.
  const file = join(folder, `Pulumi.${stack}.yaml`);
  copyFileSync(join(layout.folder, `Pulumi.${stack}.yaml`), file);
  const config = ["--config-file", file, ...more];
  const args = ["preview", "--cwd", checkout, "--stack", stack, "--expect-no-changes", "--non-interactive", ...config];
  return execa(sandbox.tools.bin("pulumi"), [...args, "--color", "never"], {
    reject: false,
    all: true,
    env: {
      PULUMI_HOME: layout.home,
      PULUMI_BACKEND_URL: `file://${layout.backend}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE_FILE: layout.passphraseFile,
      PULUMI_DEBUG_PROVIDERS: providers.addresses,
      PULUMI_DEBUG_LANGUAGES: host.address,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    },
  });
}

describe.each([
  [local.regionStack, "region"],
  [local.customerBaseStack, "customer"],
  [local.customerStack, "customer"],
] as const)("the stack %s by the official entry", (stack, plane) => {
  let providers: Providers;
  beforeAll(async () => {
    providers = await startProviders(sandbox, plane, plane);
  });
  afterAll(() => providers?.close());

  it("is the same program that `up` ran inline: nothing would change", async () => {
    const { exitCode, all } = await preview(stack, providers);
    expect(all).toMatch(/\d{2,} unchanged/);
    expect(exitCode).toBe(0);
  });
});

describe("a changed setting by the official entry", () => {
  it("is seen, and refused where no change was expected", async () => {
    const providers = await startProviders(sandbox, "customer", "customer");
    const { exitCode, all } = await preview(local.customerStack, providers, "--config", "biplane:replicas=3");
    providers.close();
    expect(all).toMatch(/~ \d+ to update/);
    expect(exitCode).not.toBe(0);
  });

  it("that is wrong is told as the program says it", async () => {
    const providers = await startProviders(sandbox, "customer", "customer");
    const { exitCode, all } = await preview(local.customerStack, providers, "--config", "biplane:replicas=0");
    providers.close();
    expect(all).toContain("allowed: a whole number from 1 to 20");
    expect(exitCode).not.toBe(0);
  });
});
