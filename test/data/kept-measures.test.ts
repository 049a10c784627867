/** What a task used, told once its pod has gone: out of the store in its own cluster, by the same right as its runs. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { storeName, storeNamespace } from "../../components/metrics-store/contract.ts";
import { type Measurement, MetricsService } from "../../gen/biplane/metrics/v1/metrics_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { needs } from "../../sandbox/toolchain/testing/needs.ts";
import { keepsMeasures } from "../../sandbox/verify-target.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { kubectl } from "../support/kubectl.ts";
import { environment, here } from "../support/local-run.ts";

const { org, project, domain } = environment;
const namespace = `${project}-${domain}`;
/** A moment ago, since nothing is measured over no time at all. */
const began = Date.now() - 2_000;
const patient = { timeout: 180_000, interval: 2_000 };
let run: string;

/** What is known of the run's only attempt, since this file began. */
async function told(): Promise<Measurement[]> {
  const attempt = { org, project, domain, run, action: "a0", attempt: 1 };
  const client = api(MetricsService, await accessToken());
  const request = { ...attempt, startTime: timestampFromMs(began), maxMeasurements: 500 };
  return (await client.listMeasurements(request)).measurements;
}

describe.skipIf(!keepsMeasures(environment))("what a task used", needs("metrics-store"), () => {
  beforeAll(async () => {
    const endless = ["--lines", "100000", "--pause_every", "10", "--pause_seconds", "0.2"];
    const { name, result } = await runExample("chatty", "chatty", endless, { follow: false });
    expect(result.exitCode, result.stderr).toBe(0);
    run = name;
    await vi.waitFor(async () => expect((await told()).length).toBeGreaterThanOrEqual(2), patient);
  }, 300_000);
  afterAll(async () => {
    await flyte(here, environment, ["--no-progress", "abort", "run", run]);
  });

  it("is told of its own container alone, with some CPU time and the memory that Python takes at least", async () => {
    for (const { containers, measuredAt } of await told()) {
      expect(containers.map(({ name }) => name)).toEqual(["main"]);
      expect(containers[0]?.cpu).toBeGreaterThan(0);
      expect(Number(containers[0]?.memoryBytes)).toBeGreaterThan(10 * 2 ** 20);
      expect(Number(measuredAt?.seconds) * 1_000).toBeLessThanOrEqual(Date.now());
    }
  });

  it("is known when its pod is gone, and when the store has begun anew: it is read again from the disk", async () => {
    await kubectl("customer", "delete", "pod", "-n", namespace, `${run}-a0-0`, "--force", "--grace-period=0");
    await expect(kubectl("customer", "get", "pod", "-n", namespace, `${run}-a0-0`)).rejects.toThrow(/NotFound/);
    expect((await told()).length).toBeGreaterThanOrEqual(2);
    await kubectl("customer", "delete", "pod", "-n", storeNamespace, `${storeName}-0`, "--wait=true");
    const all = ["-n", storeNamespace, `statefulset/${storeName}`, "--timeout=120s"];
    await kubectl("customer", "rollout", "status", ...all);
    // While it reads its log again it is told to be busy.
    await vi.waitFor(async () => expect((await told()).length).toBeGreaterThanOrEqual(2), patient);
  }, 300_000);
});

describe.skipIf(keepsMeasures(environment))("what a task used where nothing keeps it", () => {
  it("is told to be unknown, at once and in words", async () => {
    run = "none";
    const error = await told().then(() => undefined, ConnectError.from);
    expect([error?.code, error?.rawMessage]).toEqual([
      Code.FailedPrecondition,
      expect.stringContaining("metrics store"),
    ]);
  });
});
