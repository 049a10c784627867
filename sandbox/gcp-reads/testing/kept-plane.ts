/** A customer's project as the real engine leaves it behind: both stacks brought up, with a cluster that takes what it is given. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import program from "../../../stacks/index.ts";
import { googleBaseValues, googleCustomerValues } from "../../../stacks/testing/valid-config.ts";
import type { Sandbox } from "../../context.ts";
import { type StackRun, upStack } from "../../engine/index.ts";
import type { AccountsApi } from "../../providers/gcp/accounts.ts";
import { gcpPackage } from "../../providers/gcp/index.ts";
import { serveAll } from "../../providers/index.ts";
import type { Entry } from "../../providers/machine/kept.ts";
import { type Package, properties } from "../../providers/machine/resource.ts";
import { tlsPackage } from "../../providers/tls/index.ts";

/** What runs in the cluster is not looked at here. */
export function anyCluster(): Package {
  const taken = {
    create: async (inputs: object) => {
      const { metadata } = properties(inputs);
      const { namespace = "", name = "" } = typeof metadata === "object" ? (metadata as Record<string, string>) : {};
      return `${namespace}/${name}`;
    },
    delete: async () => {},
  };
  return { name: "kubernetes", version: "4.30.0", table: "nowhere", typeOf: () => taken, invokes: {} };
}

/**
 * @param customer settings of the stack of workloads; the base has the model of it
 * @param accounts @default none: nobody is told who made them
 */
export async function keepPlane(
  sandbox: Sandbox,
  base: Record<string, unknown>,
  customer: Record<string, unknown>,
  accounts?: AccountsApi,
) {
  const run = (stack: string, config: Record<string, string>): StackRun => ({
    ...{ stack, program, config, secrets: {}, account: "customer", plane: "customer" },
    providers: () => serveAll([gcpPackage(sandbox.paths, undefined, accounts), anyCluster(), tlsPackage()]),
  });
  await upStack(sandbox, run("customer-acme-base", googleBaseValues({ dataProtection: "off", ...base })));
  const { outputs } = await upStack(
    sandbox,
    run("customer-acme", googleCustomerValues({ dataProtection: "off", ...customer })),
  );
  const kept: Record<string, Entry> = JSON.parse(readFileSync(join(sandbox.paths.cloud, "gcp/kept.json"), "utf8"));
  return { kept, outputs };
}
