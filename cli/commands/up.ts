import { bringUp, type LocalRun } from "../../sandbox/local-run.ts";
import { paths } from "../../sandbox/paths.ts";
import { createProgress } from "../../sandbox/toolchain/index.ts";
import type { CommandOptions } from "../config.ts";

export async function up({
  kubeconfigRegion,
  kubeconfigCustomer,
  model,
  cloud,
  with: also,
}: CommandOptions<"up">): Promise<number> {
  const here = paths();
  const began = Date.now();
  const kubeconfigs = { region: kubeconfigRegion, customer: kubeconfigCustomer };
  const made = await bringUp(here, createProgress(here), { kubeconfigs, model, cloud, also });
  process.stdout.write(describe(made, (Date.now() - began) / 1000));
  return 0;
}

function describe({ environment, changes }: LocalRun, seconds: number): string {
  const words = (counts: Record<string, number>) =>
    Object.entries(counts)
      .filter(([word]) => word !== "same")
      .map(([word, count]) => `${count} ${word}`)
      .join(", ") || "nothing to do";
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
