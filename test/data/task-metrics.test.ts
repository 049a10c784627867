/** What a real task uses, measured in its own cluster and told through the relay to whoever may read of its run. */
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContainerUse, MetricsService } from "../../gen/biplane/metrics/v1/metrics_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { readyParts } from "../../sandbox/toolchain/index.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { evidenceFor } from "../support/evidence.ts";
import { kubectl } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";

const { proves } = evidenceFor("data/task-metrics");
const { org, project, domain } = environment;
const isMeasured = readyParts(here).includes("metrics");
const patience = 120_000;
let run: string;

const watched = async () =>
  api(MetricsService, await accessToken()).watchMetrics(
    { org, project, domain, run, action: "a0", attempt: 1 },
    { timeoutMs: patience },
  );

beforeAll(async () => {
  const endless = ["--lines", "100000", "--pause_every", "10", "--pause_seconds", "0.2"];
  const { name, result } = await runExample("chatty", "chatty", endless, { follow: false });
  expect(result.exitCode, result.stderr).toBe(0);
  run = name;
  const ready = ["wait", "-n", `${project}-${domain}`, `pod/${run}-a0-0`, "--for=condition=Ready", "--timeout=90s"];
  await kubectl("customer", ...ready);
});
afterAll(async () => {
  await flyte(here, environment, ["--no-progress", "abort", "run", run]);
});

describe.skipIf(!isMeasured)("what a task uses", needs("metrics"), () => {
  it("comes measurement by measurement, as its cluster has it, and ends with its pod", async () => {
    proves(["data-metrics-via-dataproxy"], "what came is compared with what the cluster says of the same moment");
    const namespace = `${project}-${domain}`;
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods/${run}-a0-0`;
    const times: number[] = [];
    let compared = 0;
    for await (const { measurement } of await watched()) {
      if (!measurement) continue;
      const { seconds = 0n } = measurement.measuredAt ?? {};
      times.push(Number(seconds));
      const [one] = measurement.containers;
      expect(measurement.containers.map(({ name }) => name)).toEqual(["main"]);
      expect(Number(one?.memoryBytes)).toBeGreaterThan(10 * 2 ** 20);
      const direct = JSON.parse(await kubectl("customer", "get", "--raw", path)) as { timestamp: string };
      if (BigInt(Date.parse(direct.timestamp) / 1_000) === seconds) {
        expect(containersOf(direct)).toEqual([memoryOf(one)]);
        compared++;
      }
      if (times.length < 2) continue;
      // Its container would take half a minute to end by itself.
      await kubectl("customer", "delete", "pod", "-n", namespace, `${run}-a0-0`, "--force", "--grace-period=0");
    }
    expect(compared).toBeGreaterThan(0);
    expect(times).toEqual([...new Set(times)].sort());
    expect(times.length).toBeGreaterThanOrEqual(2);
  }, 180_000);
});

describe.skipIf(isMeasured)("what a task uses where nothing measures it", () => {
  it("is told to be unknown, at once and in words", async () => {
    const answer = (async () => {
      for await (const { measurement } of await watched()) expect(measurement).toBeUndefined();
    })();
    const error = await answer.then(() => undefined, ConnectError.from);
    expect([error?.code, error?.rawMessage]).toEqual([
      Code.FailedPrecondition,
      "the compute plane's cluster measures nothing: it has no metrics server",
    ]);
  });
});

const memoryOf = (use: ContainerUse | undefined) => use && { name: use.name, memory: Number(use.memoryBytes) };

function containersOf(direct: object) {
  const { containers = [] } = direct as { containers?: { name: string; usage: { memory: string } }[] };
  return containers.map(({ name, usage: { memory } }) => ({ name, memory: Number.parseInt(memory, 10) * 1_024 }));
}
