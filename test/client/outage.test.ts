/** The customer's plane alone: its tunnel is gone, or the executor that works is killed, while a task runs. */
import { randomBytes } from "node:crypto";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it, vi } from "vitest";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { operatorClient } from "../../sandbox/cloud/index.ts";
import { runExample } from "../support/client.ts";
import { containerRun } from "../support/container-run.ts";
import { customerCluster, killPod, leaderOf, readyPods, without } from "../support/customer-cluster.ts";
import { evidenceFor } from "../support/evidence.ts";
import { environment, here } from "../support/local-run.ts";
import { runClient } from "../support/runs.ts";

const { proves } = evidenceFor("client/outage");
const namespace = `${environment.project}-${environment.domain}`;
const soon = { timeout: 90_000, interval: 500 };
const { core, custom } = customerCluster;

const begin = async (seconds: number) => {
  const { name, result } = await runExample("sleeper", "sleeper", ["--seconds", String(seconds)], { follow: false });
  expect(result.exitCode, result.stderr).toBe(0);
  return name;
};
const podsOf = async (run: string) =>
  (await core.listNamespacedPod({ namespace, labelSelector: `run=${run}` })).items.map(({ status }) => status?.phase);

async function conditionOf(run: string): Promise<string> {
  const place = { group: "flyte.org", version: "v1", plural: "taskactions", namespace };
  const { items } = await custom.listNamespacedCustomObject(place);
  const found = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === `${run}-a0`);
  return found?.status?.conditions?.[0]?.reason ?? (found ? "none" : "");
}

it("without its region the plane goes on: pods finish, states are kept, and all is told in order afterwards", async () => {
  proves(
    [
      "dp-inflight-survives-cp-outage",
      "dp-executor-no-live-cp-needed",
      "dp-state-reconciles-on-reconnect",
      "exec-inflight-survive-disconnect",
      "exec-monitors-and-reports",
      "exec-watches-taskaction",
      "wf-enqueue-via-tunnel",
    ],
    "during the cut a submission fails, since nobody signs its upload, and the region knows of no end",
  );
  const runs = await runClient();
  const phaseOf = async (run: string) => (await runs.actions(run))[0]?.status?.phase;
  const run = await begin(20);
  await vi.waitFor(async () => expect(await phaseOf(run)).toBe(ActionPhase.RUNNING), soon);

  const waiting = `t${randomBytes(7).toString("hex")}`;
  let cutAt = 0;
  await without("tunnel", async () => {
    cutAt = Date.now();
    const { result } = await runExample("hello", "hello", [], { follow: false });
    expect(result.exitCode).not.toBe(0);
    // Submitted at the region, which needs no plane for that: nothing but the tunnel brings it there.
    await runs.client.createRun(containerRun(waiting));
    await vi.waitFor(async () => expect(await podsOf(run)).toEqual(["Succeeded"]), soon);
    await vi.waitFor(async () => expect(await conditionOf(run)).toBe("Completed"), soon);
    expect((await readyPods("executor")).length).toBeGreaterThan(0);
    const s3 = new S3Client({ ...operatorClient(here, "customer"), forcePathStyle: true });
    const Key = `${environment.org}/${environment.project}/${environment.domain}/${run}/a0/1/outputs.pb`;
    await s3.send(new HeadObjectCommand({ Bucket: String(environment.outputs.customer.metadataBucket), Key }));
    expect(await phaseOf(run)).toBe(ActionPhase.RUNNING);
    expect([await conditionOf(waiting), await podsOf(waiting)]).toEqual(["", []]);
  });
  const backAt = Date.now();

  const details = await runs.ended(run);
  expect(details.status).toMatchObject({ phase: ActionPhase.SUCCEEDED, attempts: 1 });
  const transitions = details.attempts[0]?.phaseTransitions ?? [];
  const phases = transitions.map(({ phase }) => ActionPhase[phase]);
  expect(new Set(phases).size).toBe(phases.length);
  expect(phases).toEqual(["QUEUED", "INITIALIZING", "RUNNING", "SUCCEEDED"].filter((phase) => phases.includes(phase)));
  const endedAt = Number(details.status?.endTime?.seconds ?? 0) * 1_000;
  expect(endedAt).toBeGreaterThan(cutAt - 1_000);
  expect(endedAt).toBeLessThan(backAt);
  expect((await runs.ended(waiting)).status?.phase).toBe(ActionPhase.SUCCEEDED);
});

it("an executor that is killed is followed by another, which goes on with what runs: nothing is run twice", async () => {
  const runs = await runClient();
  const run = await begin(12);
  await vi.waitFor(async () => expect(await podsOf(run)).toEqual(["Running"]), soon);
  const leader = await leaderOf("executor");
  await killPod(leader);
  const details = await runs.ended(run);
  expect(details.status).toMatchObject({ phase: ActionPhase.SUCCEEDED, attempts: 1 });
  expect(await leaderOf("executor")).not.toBe(leader);
  await vi.waitFor(async () => expect(await podsOf(run)).toEqual(["Succeeded"]), soon);
});
