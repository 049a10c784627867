/** The real engine, the real SDK and the whole program of a Google Cloud customer, on a project that the sandbox keeps. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkout } from "../../../cli/context.ts";
import program from "../../../stacks/index.ts";
import { type GoogleBaseOutputs, googleBaseOutputs, googleLinkOutputs } from "../../../stacks/outputs.ts";
import {
  googleBaseValues,
  googleByoc,
  googleCustomerValues,
  googleLinkValues,
} from "../../../stacks/testing/valid-config.ts";
import type { Sandbox } from "../../context.ts";
import { destroyStack, previewStack, refreshStack, type StackRun, upStack } from "../../engine/index.ts";
import { toolchain } from "../../engine/testing/emulated.ts";
import { paths } from "../../paths.ts";
import { serveAll } from "../index.ts";
import { kubernetesPackage } from "../kubernetes/index.ts";
import { tlsPackage } from "../tls/index.ts";
import { gcpPackage } from "./index.ts";

let state: string;
let answered: GoogleBaseOutputs;
let sandbox: Sandbox;
beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "biplane-gcp-"));
  sandbox = { paths: paths({ ...process.env, BIPLANE_STATE: state }), tools: toolchain(), progress: () => {} };
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Judged once where nothing changes in between: the pack takes longer than all else. */
const judged = { policyPack: join(checkout, "policies") };
const run = (stack: string, config: Record<string, string>): StackRun => ({
  ...{ stack, program, config, secrets: {}, account: "customer", plane: "customer" },
  providers: () => serveAll([gcpPackage(sandbox.paths), kubernetesPackage({}), tlsPackage()]),
});
const open = { dataProtection: "off" };
const base = () => run("customer-acme-base", googleBaseValues({ ...googleByoc, ...open }));

function kept(): Record<string, { destroyed?: boolean }> {
  const file = join(sandbox.paths.cloud, "gcp/kept.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

test("a base comes up under the policies, answers its contract, and a second up changes nothing", async () => {
  const first = await upStack(sandbox, { ...base(), ...judged });
  answered = googleBaseOutputs.parse(first.outputs);
  expect(answered).toMatchObject({
    ...{ clusterName: "biplane-main", project: "acme-data" },
    managementAccount: "biplane-main-management@acme-data.iam.gserviceaccount.com",
  });
  const second = await upStack(sandbox, base());
  expect(second.changes).toEqual({ same: first.changes.create });
  expect((await refreshStack(sandbox, base())).changes).toEqual({ same: first.changes.create });
}, 300_000);

test("workloads are previewed under the policies on the cluster that the base made, and on no other", async () => {
  const values = { model: "byoc", isolation: "project", logs: { retentionDays: 30 }, ...open };
  const { changes } = await previewStack(sandbox, {
    ...run("customer-acme", googleCustomerValues(values)),
    ...judged,
  });
  expect(Object.keys(changes)).toEqual(["create"]);
  expect(changes.create).toBeGreaterThan(100);
  const elsewhere = googleCustomerValues({ ...values, clusterName: "another" });
  await expect(previewStack(sandbox, run("customer-other", elsewhere))).rejects.toThrow(/404: .*clusters\/another/);
}, 300_000);

test("the vendor's end of the link is made from what the base answers", async () => {
  const { serviceAttachment } = answered;
  const link = run("customer-acme-link", googleLinkValues({ serviceAttachment }));
  expect(googleLinkOutputs.parse((await upStack(sandbox, link)).outputs).apiAddress).toMatch(/^10\.9\.0\.\d+$/);
  await destroyStack(sandbox, link);
}, 300_000);

test("a destroy leaves the ring and the key, as Cloud KMS does, and a plane of the same name meets them", async () => {
  await destroyStack(sandbox, base());
  const ring = "projects/acme-data/locations/europe-west4/keyRings/biplane-main-base";
  const left = Object.entries(kept()).map(([path, { destroyed }]) => [path, destroyed]);
  expect(left.sort()).toEqual([
    [ring, true],
    [`${ring}/cryptoKeys/cluster`, true],
  ]);
  await expect(upStack(sandbox, base())).rejects.toThrow(/409: .*keyRings\/biplane-main-base already exists/);
}, 300_000);
