/** The real client has an image built in the customer's cluster, and runs a task in it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { flyte } from "../../sandbox/client.ts";
import { customerCluster } from "./customer-cluster.ts";
import { checkout, environment, here } from "./local-run.ts";

/**
 * `flyte --image-builder remote run built.py speak`.
 * @param env as examples/built.py reads it, BIPLANE_IMAGE_NAME at least
 * @returns what it printed, in one line
 */
export async function runBuilt(env: Record<string, string>): Promise<{ text: string; exitCode: number; name: string }> {
  const name = `t${randomBytes(7).toString("hex")}`;
  const args = ["--no-progress", "--image-builder", "remote", "run", "--follow", "--name", name, "built.py", "speak"];
  const { stdout, stderr, exitCode } = await flyte(here, environment, args, { cwd: join(checkout, "examples"), env });
  return { text: stripVTControlCharacters(`${stdout}${stderr}`).replace(/[\s│]+/g, " "), exitCode, name };
}

/** Of the build that a run of the client has asked for. */
export const buildRunOf = (text: string) => /Started build at: \S+\/runs\/(\w+)/.exec(text)?.[1] ?? "";

/** @param run whose root task it is */
export async function taskLog(run: string): Promise<string> {
  const namespace = `${environment.project}-${environment.domain}`;
  return customerCluster.core.readNamespacedPodLog({ namespace, name: `${run}-a0-0`, container: "main" });
}
