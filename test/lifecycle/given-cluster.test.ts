import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../sandbox/environment.ts";
import { networkAdvice } from "../../sandbox/given/probe.ts";
import { biplane } from "../support/biplane.ts";
import { leftovers } from "../support/leftovers.ts";
import { here } from "../support/paths.ts";
import { stranger } from "../support/stranger.ts";

const long = process.env.BIPLANE_LONG === "1";
const forwarding = "/proc/sys/net/ipv4/ip_forward";

/** The commands of a piece of advice, run as its reader would. */
async function follow(advice: string): Promise<void> {
  for (const line of advice.match(/^ +(?:sysctl|nft) .*$/gm) ?? []) await execa("bash", ["-c", line]);
}

/** The file that a refusal asks for: the lines that it shows after "exactly:". */
function fileIn(refusal: string): string {
  const [, shown = ""] = /with exactly:\n((?: {4}.*\n)+)/.exec(refusal) ?? [];
  return shown.replace(/^ {4}/gm, "");
}

describe.skipIf(!long)("a cluster that was given", () => {
  let before: Record<string, string[]>;
  let forwardingBefore = "";

  beforeAll(async () => {
    forwardingBefore = readFileSync(forwarding, "utf8").trim();
    await biplane(["down"]);
    await stranger.remove();
    await stranger.start();
    before = await stranger.inventory();
  });

  afterAll(async () => {
    await biplane(["down"]);
    await stranger.remove();
    await execa("nft", ["delete", "table", "ip", "given-cluster"], { reject: false });
    await execa("sysctl", ["-qw", `net.ipv4.ip_forward=${forwardingBefore}`]);
  });

  it("that is not set up is refused with what its owner must write", async () => {
    await follow(networkAdvice("stranger", ""));
    const up = await biplane(["up", "--kubeconfig-customer", stranger.kubeconfig]);
    expect(up.exitCode, up.output).toBe(3);
    expect(up.output).toContain("node stranger cannot pull from registry.biplane.test");
    stranger.writeHostsToml(fileIn(up.output));
  });

  it("that does not answer is named by down with what is left there, and all else is gone", async () => {
    await stranger.stopApi();
    const down = await biplane(["down"]);
    await stranger.startApi();
    expect(down.exitCode, down.output).toBe(1);
    expect(down.output).toContain("MutatingWebhookConfiguration biplane-local-run");
    expect(await leftovers()).toEqual([]);

    const up = await biplane(["up", "--kubeconfig-customer", stranger.kubeconfig]);
    expect(up.exitCode, up.output).toBe(3);
    expect(up.output).toContain("has already what the run would make");
    const [byHand = ""] = /kubectl --kubeconfig .*$/m.exec(down.output) ?? [];
    await stranger.kubectl(...byHand.split(" ").slice(3));
    expect(await stranger.inventory()).toEqual(before);
  });

  it.each(["customer", "region"] as const)("carries the %s's plane and is left as it was", async (plane) => {
    const up = await biplane(["up", `--kubeconfig-${plane}`, stranger.kubeconfig]);
    expect(up.exitCode, up.output).toBe(0);
    const run = await biplane(["run", "examples/hello.py", "hello", "--name", "stranger"]);
    expect(run.output).toContain("hello stranger!");
    expect(run.exitCode, run.output).toBe(0);
    expect(readEnvironment(here).clusters[plane]).toBe("given");
    expect((await biplane(["status"])).output).toContain(`given: https://172.31.77.2:6443`);

    const verify = await biplane(["verify"]);
    expect(verify.exitCode, verify.output).toBe(0);
    expect(verify.output).toContain("not decided here: net-tunnel-outbound-only (not enforced by the local run");

    const again = await biplane(["up"]);
    expect(again.output).toContain("customer stack  nothing to do");
    expect(again.exitCode, again.output).toBe(0);
    const other = await biplane([
      "up",
      `--kubeconfig-${plane === "region" ? "customer" : "region"}`,
      stranger.kubeconfig,
    ]);
    expect(other.exitCode, other.output).toBe(3);
    expect(other.output).toContain("allowed: what this run has begun with: a node of its own");

    if (plane === "customer") await expectStreams();
    const down = await biplane(["down"]);
    expect(down.exitCode, down.output).toBe(0);
    expect(await leftovers()).toEqual([]);
    expect(await stranger.inventory()).toEqual(before);
  });
});

/** Through the gate: what is upgraded, what never ends, and who may not pass. */
async function expectStreams(): Promise<void> {
  const environment = readEnvironment(here);
  const kubectl = join(environment.toolPath[0] ?? "", "kubectl");
  const config = ["--kubeconfig", environment.kubeconfigs.customer, "--namespace", "union"];
  const exec = ["exec", "deploy/executor", "--", "cat", "/etc/hosts"];
  const closed = await execa(kubectl, [...config, ...exec], { reject: false });
  expect(closed.stderr).toContain("denied");
  // The platform's namespaces are closed to sessions, so what is upgraded is tried beside them.
  const beside = ["--kubeconfig", environment.kubeconfigs.customer, "--namespace", "default"];
  const runs = [
    "run",
    "streams",
    `--image=${environment.taskImage}`,
    "--restart=Never",
    "--command",
    "--",
    "sleep",
    "120",
  ];
  await execa(kubectl, [...beside, ...runs]);
  await execa(kubectl, [...beside, "wait", "pod/streams", "--for=condition=Ready", "--timeout=60s"]);
  const executed = await execa(kubectl, [...beside, "exec", "streams", "--", "cat", "/etc/hostname"]);
  expect(executed.stdout).toBe("streams");
  await execa(kubectl, [...beside, "delete", "pod", "streams", "--now"]);
  const watched = await execa(kubectl, [...config, "get", "pods", "--watch"], { timeout: 3_000, reject: false });
  expect(watched.stdout).toContain("executor");
  const forged = ["--server", "https://198.18.0.20:6443", "--certificate-authority", environment.caFile];
  const refused = await execa(kubectl, [...forged, "--token", "k8s-aws-v1.forged", "get", "pods"], {
    reject: false,
    env: { KUBECONFIG: "/dev/null" },
  });
  expect(refused.stderr).toContain("Unauthorized");
}
