import { bringUp, type LocalRun } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress } from "../../sandbox/toolchain/index.ts";
import { upRegionAlone } from "../../sandbox/up-region.ts";
import type { CommandOptions } from "../config.ts";

export async function up({
  kubeconfigRegion,
  kubeconfigCustomer,
  model,
  cloud,
  with: also,
  only,
}: CommandOptions<"up">): Promise<number> {
  const here = paths();
  if (only) {
    const changes = await upRegionAlone(here, createProgress(here));
    process.stdout.write(`\nThe region is up alone: ${words(changes)}. The customer's plane was left as it is.\n`);
    return 0;
  }
  const began = Date.now();
  const kubeconfigs = { region: kubeconfigRegion, customer: kubeconfigCustomer };
  const made = await bringUp(here, createProgress(here), { kubeconfigs, model, cloud, also });
  process.stdout.write(describe(made, (Date.now() - began) / 1000));
  return 0;
}

function describe({ environment, changes }: LocalRun, seconds: number): string {
  const on = (cluster: "own" | "given") => (cluster === "given" ? ", on the cluster that was given" : "");
  return `
Both planes are up (${seconds.toFixed(0)} s).
  endpoint        https://${environment.endpoint}
  organisation    ${environment.org}, project ${environment.project}, domain ${environment.domain}
  region stack    ${words(changes.region)}${on(environment.clusters.region)}
  customer base   ${words(changes.customerBase)}, ${environment.model}${{ aws: "", gcp: " in Google Cloud", azure: " in Azure" }[environment.cloud]}
  customer stack  ${words(changes.customer)}${on(environment.clusters.customer)}

Next: ./biplane run examples/hello.py hello --name world
      ./biplane verify · ./biplane env · ./biplane down
`;
}

function words(counts: Record<string, number>): string {
  const changed = Object.entries(counts).filter(([word]) => word !== "same");
  return changed.map(([word, count]) => `${count} ${word}`).join(", ") || "nothing to do";
}
