/** A customer's subscription as the real engine leaves it behind: both stacks brought up, with a cluster that takes what it is given. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import program from "../../../stacks/index.ts";
import { azureBaseValues, azureCustomerValues } from "../../../stacks/testing/valid-config.ts";
import { ActivityLog, activityFile } from "../../cloud/azure/activity.ts";
import type { Sandbox } from "../../context.ts";
import { type StackRun, upStack } from "../../engine/index.ts";
import { anyCluster } from "../../gcp-reads/testing/kept-plane.ts";
import { azurePackage } from "../../providers/azure/index.ts";
import { serveAll } from "../../providers/index.ts";
import type { Entry } from "../../providers/machine/kept.ts";
import { tlsPackage } from "../../providers/tls/index.ts";

/** Signed in where the stacks run. */
export const deployer = {
  tenant: "22222222-2222-4222-8222-222222222222",
  objectId: "55555555-5555-4555-8555-555555555555",
  name: "deployer@acme.test",
};

/** @param customer settings of the stack of workloads, from what the base answers; the base has the model of it */
export async function keepPlane(
  sandbox: Sandbox,
  base: Record<string, unknown>,
  customer: (base: Record<string, unknown>) => Record<string, unknown>,
) {
  const run = (stack: string, config: Record<string, string>): StackRun => ({
    ...{ stack, program, config, secrets: {}, account: "customer", plane: "customer" },
    providers: () => serveAll([azurePackage(sandbox.paths, undefined, () => deployer), anyCluster(), tlsPackage()]),
  });
  const open = { dataProtection: "off" };
  const first = await upStack(sandbox, run("customer-acme-base", azureBaseValues({ ...open, ...base })));
  const { outputs } = await upStack(
    sandbox,
    run("customer-acme", azureCustomerValues({ ...open, ...customer(first.outputs) })),
  );
  const kept: Record<string, Entry> = JSON.parse(readFileSync(join(sandbox.paths.cloud, "azure/kept.json"), "utf8"));
  const activity = () => new ActivityLog(activityFile(sandbox.paths)).events();
  return { kept, activity, outputs, base: first.outputs };
}
