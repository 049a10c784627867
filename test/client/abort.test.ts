import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { flyte } from "../../sandbox/client.ts";
import { runExample } from "../support/client.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

it("abort ends the run, and its pod is gone", async () => {
  const { name, result } = await runExample("sleeper", "sleeper", [], { follow: false });
  expect(result.exitCode, result.stderr).toBe(0);
  const config = new KubeConfig();
  config.loadFromFile(environment.kubeconfigs.customer);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `${environment.project}-${environment.domain}`;
  const pods = async () =>
    (await core.listNamespacedPod({ namespace })).items.filter(({ metadata }) => metadata?.name?.startsWith(name));
  await vi.waitFor(async () => expect((await pods()).map(({ status }) => status?.phase)).toEqual(["Running"]), {
    timeout: 60_000,
    interval: 500,
  });

  const abort = await flyte(here, environment, ["--no-progress", "abort", "run", name]);
  expect(abort.exitCode, abort.stderr).toBe(0);
  const details = await (await runClient()).ended(name);
  expect(details.status?.phase).toBe(ActionPhase.ABORTED);
  await vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 60_000, interval: 500 });
});
