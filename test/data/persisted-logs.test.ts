/** Logs of real pods that are gone, from where the shipper on their node has put them; the rest is `followed-logs`. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { shipperName, shipperNamespace } from "../../components/logs/contract.ts";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";
import { logGroupName, storedLogs } from "../support/log-store.ts";
import { gapsAndDoubles, numbersIn } from "../support/order.ts";
import { killHard } from "../support/outage.ts";

const { proves } = evidenceFor("data/persisted-logs");
const { org, project, domain } = environment;
const namespace = `${project}-${domain}`;
const patient = { timeout: 120_000, interval: 500 };
/** All waits of a test together, on a machine with much else to do. */
const unhurried = 300_000;
const lines = 500;
/** What a filter would change: a credential's form, quotes, spaces at both ends, other alphabets, colours. */
const marker = '  AKIAIOSFODNN7EXAMPLE password="hunter2"\té日本 \u001b[31m{"a": "\\n"} entry';

const untilStored = (pod: string, text: string) =>
  vi.waitFor(async () => expect((await storedLogs(pod)).some((event) => event.endsWith(text))).toBe(true), patient);

async function* told(run: string): AsyncGenerator<string[]> {
  const actionId = { name: "a0", run: { org, project, domain, name: run } };
  for await (const answer of api(DataProxyService, await accessToken()).tailLogs({ actionId, attempt: 1 }))
    yield answer.logs.flatMap((each) => each.lines.map(({ message }) => message));
}

async function all(run: string): Promise<string[]> {
  const said: string[] = [];
  for await (const batch of told(run)) said.push(...batch);
  return said;
}

const podOf = (run: string) => `${run}-a0-0`;
const restarted = async (harm: () => Promise<unknown>) => {
  await harm();
  await kubectl("customer", "rollout", "status", "-n", shipperNamespace, `daemonset/${shipperName}`, "--timeout=60s");
};
const shipperPods = ["-n", shipperNamespace, "-l", `app.kubernetes.io/name=${shipperName}`];

/** Waits for lines that the task says from now on: whatever ships now has looked through the node's files. */
async function untilStoredAnew(pod: string): Promise<void> {
  const said = numbersIn(await kubectl("customer", "logs", "-n", namespace, pod, "--tail=50"), "entry").at(-1) ?? 0;
  expect(said).toBeGreaterThan(0);
  await vi.waitFor(async () => {
    expect((await storedLogs(pod)).some((event) => (numbersIn(event, "entry")[0] ?? 0) > said)).toBe(true);
  }, patient);
}

describe.skipIf(!logGroupName)("the logs of tasks", needs("logs"), () => {
  /** One that has ended, as it was told live, and one that talks on until it is stopped. */
  let ended: string;
  let live: string[];
  let talking: string | undefined;
  const talkers: string[] = [];
  const endless = ["--lines", "100000", "--pause_every", "10", "--pause_seconds", "0.2", "--marker", "entry"];
  /** A second try finds none whose pod the first has deleted: it has one of its own. */
  const talker = async (): Promise<string> => {
    const pods = await kubectl("customer", "get", "pods", "-n", namespace, "-o", "name");
    if (talking && pods.split("\n").includes(`pod/${podOf(talking)}`)) return talking;
    const { name, result } = await runExample("chatty", "chatty", endless, { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    talkers.push(name);
    talking = name;
    await untilStored(podOf(name), "entry 20");
    return name;
  };

  beforeAll(async () => {
    const { name, result } = await runExample("chatty", "chatty", ["--lines", String(lines), "--marker", marker]);
    expect(result.exitCode, result.stderr).toBe(0);
    ended = name;
    live = await all(ended);
    await untilStored(podOf(ended), `entry ${lines}`);
  }, unhurried);

  afterAll(async () => {
    for (const run of talkers) await flyte(here, environment, ["--no-progress", "abort", "run", run]);
  });

  it("are sent whole and once by a shipper that is stopped, and the next one", { timeout: unhurried }, async () => {
    const pod = podOf(await talker());
    const before = await storedLogs(podOf(ended));
    await restarted(() => kubectl("customer", "delete", "pod", ...shipperPods));
    await untilStoredAnew(pod);
    const numbers = (await storedLogs(pod)).flatMap((event) => numbersIn(event, "entry"));
    expect(gapsAndDoubles(numbers, numbers.length)).toEqual([]);
    expect(await storedLogs(podOf(ended))).toEqual(before);
  });

  it("are read once their pods are gone by the real client, every line once and in order", async () => {
    proves(
      ["logs-completed-from-aggregator", "data-logs-in-aggregator"],
      "a line that is taken out of what came is missed by the same comparison",
    );
    await kubectl("customer", "delete", "pod", "-n", namespace, podOf(ended), "--wait=true", "--ignore-not-found");
    const { stdout, stderr, exitCode } = await flyte(here, environment, ["--no-progress", "get", "logs", ended]);
    expect(exitCode, stderr.slice(-2_000)).toBe(0);
    const numbers = numbersIn(stdout, "entry");
    expect(gapsAndDoubles(numbers, lines)).toEqual([]);
    expect(gapsAndDoubles(numbers.toSpliced(lines / 2, 1), lines)).not.toEqual([]);
  });

  it("are the same to the last byte as they were live, and as the task said it", async () => {
    proves(["logs-no-redaction"], "a line with one character less is not what was said");
    const kept = await all(ended);
    expect(kept).toEqual(live);
    const said = Array.from({ length: lines }, (_, number) => `${marker} ${number + 1}`);
    expect(kept.filter((line) => / entry \d+$/.test(line))).toEqual(said);
    expect(said).not.toContain(`${marker} 1`.slice(1));
  });

  it("go on over the deletion of a pod that is followed, every line once", { timeout: unhurried }, async () => {
    const run = await talker();
    const pod = podOf(run);
    // One that is killed has not noted how far it has come, and the next one sends some lines again.
    await restarted(async () => expect(killHard("telegraf")).toBe(1));
    await untilStoredAnew(pod);
    const heard: number[] = [];
    let deleted: Promise<string> | undefined;
    for await (const batch of told(run)) {
      heard.push(...numbersIn(batch.join("\n"), "entry"));
      if (heard.length < 200) continue;
      // At once, so that the log is not over before its pod is gone.
      deleted ??= kubectl("customer", "delete", "pod", "-n", namespace, pod, "--force", "--grace-period=0");
    }
    await deleted;
    expect(gapsAndDoubles(heard, heard.length)).toEqual([]);
    const provider = await kubectl("customer", "logs", "-n", "union", "-l", "app.kubernetes.io/name=logs", "--tail=-1");
    expect(provider.split("\n")).toContainEqual(expect.stringMatching(`read on from the log store.*${pod}`));
    // What the store has was told, to its end, and has some of it twice.
    const kept = (await storedLogs(pod)).flatMap((event) => numbersIn(event, "entry"));
    const last = Math.max(...kept);
    expect(heard.length).toBeGreaterThanOrEqual(last);
    expect(kept.length).toBeGreaterThan(last);
    expect(gapsAndDoubles(numbersIn((await all(run)).join("\n"), "entry"), last)).toEqual([]);
  });
});
