/** One run, watched by the real client several times over: each watcher is told of every phase, also beyond a lost gateway. */
import { expect, it, vi } from "vitest";
import { z } from "zod";
import { IdentityService } from "../../gen/flyteidl2/auth/identity_pb.js";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { flyteScript } from "../../sandbox/client.ts";
import { accessToken, api } from "../support/api.ts";
import { runExample } from "../support/client.ts";
import { environment, here } from "../support/local-run.ts";
import { planeCluster } from "../support/plane-cluster.ts";
import { runClient } from "../support/runs.ts";

const region = planeCluster("region");
// The processes of a given cluster are not ours to kill.
const ours = Object.values(environment.clusters).every((cluster) => cluster === "own");

/** A line for each update: the phase, and all phases that the attempts have been through. */
const watch = (run: string) => `
import asyncio, json
import flyte, flyte.remote
flyte.init_from_config()
run = flyte.remote.Run.get(name="${run}")
async def watch():
    async for details in run.watch():
        through = [step.phase for attempt in details.pb2.attempts for step in attempt.phase_transitions]
        print(json.dumps({"phase": details.pb2.status.phase, "through": through}), flush=True)
asyncio.run(watch())
`;

const updateSchema = z.object({ phase: z.enum(ActionPhase), through: z.array(z.enum(ActionPhase)) });

function startWatcher(run: string) {
  let said = "";
  const updates = () =>
    said.split("\n").flatMap((line) => (line.startsWith("{") ? [updateSchema.parse(JSON.parse(line))] : []));
  const script = flyteScript(here, environment, watch(run), {
    timeoutMs: 120_000,
    // A line may come in parts; the last one is complete once the next has begun, or the watcher has ended.
    onOutput: (text) => {
      said += text;
    },
  });
  return { script, updates: () => (said.endsWith("\n") ? updates() : []) };
}

it.skipIf(!ours)("two watchers and one that comes later are told the same, in order, to the end", async () => {
  const { name, result } = await runExample("sleeper", "sleeper", ["--seconds", "10"], { follow: false });
  expect(result.exitCode, result.stderr).toBe(0);
  const early = [startWatcher(name), startWatcher(name)];
  const running = (watcher: ReturnType<typeof startWatcher>) =>
    watcher.updates().some(({ phase }) => phase === ActionPhase.RUNNING);
  await vi.waitFor(() => expect(early.map(running)).toEqual([true, true]), { timeout: 60_000, interval: 100 });

  const identity = api(IdentityService, await accessToken());
  // Its pod, not the process alone: the kubelet lets one wait that has ended several times, longer than the client does.
  for (const { metadata } of await region.readyPods("gateway")) await region.killPod(metadata?.name ?? "");
  // The client asks for the run by a call of its own first, which it gives up while there is no gateway.
  await vi.waitFor(() => identity.userInfo({}, { timeoutMs: 5_000 }), { timeout: 90_000, interval: 200 });
  const late = startWatcher(name);
  const watchers = [...early, late];
  for (const { exitCode, stderr } of await Promise.all(watchers.map(({ script }) => script))) {
    expect(exitCode, stderr).toBe(0);
  }

  const details = await (await runClient()).ended(name);
  const record = details.attempts.flatMap(({ phaseTransitions }) => phaseTransitions.map(({ phase }) => phase));
  expect(record.slice(-2)).toEqual([ActionPhase.RUNNING, ActionPhase.SUCCEEDED]);
  for (const { updates } of watchers) {
    const told = updates();
    expect(told.at(-1)).toEqual({ phase: ActionPhase.SUCCEEDED, through: record });
    const phases = told.map(({ phase }) => phase);
    expect(phases).toEqual(phases.toSorted((one, other) => one - other));
    // What an update tells is never less than the one before it did.
    for (const [at, { through }] of told.entries()) {
      expect(through.slice(0, told[at - 1]?.through.length ?? 0)).toEqual(told[at - 1]?.through ?? []);
    }
  }
});
