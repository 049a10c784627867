/** The real engine, the real SDK and the whole program of a customer on Azure, on a subscription that the sandbox keeps. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkout } from "../../../cli/context.ts";
import program from "../../../stacks/index.ts";
import { type AzureBaseOutputs, azureBaseOutputs, azureLinkOutputs } from "../../../stacks/outputs.ts";
import {
  azureBaseValues,
  azureByoc,
  azureCustomerValues,
  azureLinkValues,
} from "../../../stacks/testing/valid-config.ts";
import { ActivityLog, activityFile } from "../../cloud/azure/activity.ts";
import type { Sandbox } from "../../context.ts";
import { destroyStack, previewStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { toolchain } from "../../engine/testing/emulated.ts";
import { paths } from "../../paths.ts";
import { serveAll } from "../index.ts";
import { kubernetesPackage } from "../kubernetes/index.ts";
import { tlsPackage } from "../tls/index.ts";
import { azurePackage } from "./index.ts";

let state: string;
let answered: AzureBaseOutputs;
let sandbox: Sandbox;
beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "biplane-azure-"));
  sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Judged once where nothing changes in between: the pack takes longer than all else. */
const judged = { policyPack: join(checkout, "policies") };
const run = (stack: string, config: Record<string, string>): StackRun => ({
  ...{ stack, program, config, secrets: {}, account: "customer", plane: "customer" },
  providers: () =>
    serveAll([azurePackage(sandbox.paths, undefined, () => signedIn), kubernetesPackage({}), tlsPackage()]),
});
const signedIn = { tenant: "t", objectId: "deployer", name: "deployer@acme.test" };
const open = { dataProtection: "off" };
const base = () => run("customer-acme-base", azureBaseValues({ ...azureByoc, ...open }));

function kept(): Record<string, { destroyed?: boolean }> {
  const file = join(sandbox.paths.cloud, "azure/kept.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

test("a base comes up under the policies, answers its contract, and a second up changes nothing", async () => {
  const first = await upStack(sandbox, { ...base(), ...judged });
  answered = azureBaseOutputs.parse(first.outputs);
  expect(answered.natAddresses).toEqual([0, 1].map(() => expect.stringMatching(/^203\.0\.113\.\d+$/)));
  const second = await upStack(sandbox, base());
  expect(second.changes).toEqual({ same: first.changes.create });
  expect((await refreshStack(sandbox, base())).changes).toEqual({ same: first.changes.create });
}, 300_000);

test("each thing lies where Azure's API has it", () => {
  const group = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/biplane-main-base";
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/biplane-main`;
  expect(answered.clusterId).toBe(cluster);
  expect(Object.keys(kept())).toEqual(
    expect.arrayContaining([
      ...[group, cluster, `${cluster}/agentPools/general`],
      `${group}/providers/Microsoft.Network/virtualNetworks/biplane-main/subnets/nodes`,
      `${cluster}/providers/Microsoft.Insights/diagnosticSettings/control-plane`,
    ]),
  );
});

/** How each write of a resource ended, the first first. */
function writesOf(end: string): string[] {
  const events = new ActivityLog(activityFile(sandbox.paths)).events().reverse();
  return events
    .filter(({ resourceId, status }) => resourceId.endsWith(end) && status.value !== "Started")
    .map(({ operationName, subStatus, caller }) => `${operationName.value} ${subStatus.value} by ${caller}`);
}

test("each write is in the activity log once, in the name of who is signed in", () => {
  const kind = "Microsoft.ContainerService/managedClusters";
  expect(writesOf("/managedClusters/biplane-main")).toEqual([`${kind}/write Created by deployer@acme.test`]);
});

test("workloads are previewed under the policies on the cluster that the base made, and on no other", async () => {
  const manager = { model: "byoc", managementPrincipal: answered.managementPrincipal };
  const values = { ...manager, isolation: "project", logs: { retentionDays: 30 }, ...open };
  const { changes } = await previewStack(sandbox, { ...run("customer-acme", azureCustomerValues(values)), ...judged });
  expect(Object.keys(changes)).toEqual(["create"]);
  expect(changes.create).toBeGreaterThan(100);
  const elsewhere = azureCustomerValues({ ...values, clusterName: "another" });
  await expect(previewStack(sandbox, run("customer-other", elsewhere))).rejects.toThrow(
    /ResourceNotFound.*managedClusters\/another/,
  );
}, 300_000);

test("the vendor's end of the link is made from what the base answers", async () => {
  const link = run("customer-acme-link", azureLinkValues({ clusterId: answered.clusterId }));
  const { outputs } = await upStack(sandbox, link);
  expect(azureLinkOutputs.parse(outputs).apiAddress).toBe("10.9.0.7");
  await destroyStack(sandbox, link);
}, 300_000);

test("a destroy leaves the vault and its keys, as purge protection does, and a plane of the same name meets them", async () => {
  await destroyStack(sandbox, base());
  const left = Object.entries(kept()).map(([id, { destroyed }]) => [id.split("/vaults/")[1], destroyed]);
  const [vault] = left.map(([id]) => String(id)).sort();
  expect(left.sort()).toEqual([
    [vault, true],
    [`${vault}/keys/cluster`, true],
    [`${vault}/keys/disks`, true],
  ]);
  await expect(upStack(sandbox, base())).rejects.toThrow(/409: .*Microsoft\.KeyVault\/vaults\/.* already exists/);
  const kind = "Microsoft.KeyVault/vaults";
  expect(writesOf(`/vaults/${vault}`).map((told) => told.replace(/ by .*/, ""))).toEqual([
    ...[`${kind}/write Created`, `${kind}/delete OK`, `${kind}/write Conflict`],
  ]);
}, 300_000);
