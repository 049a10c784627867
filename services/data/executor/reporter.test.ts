import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { ActionReport } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { recordingLog } from "../../shared/testing/log.ts";
import { Reporter } from "./reporter.ts";
import type { Phase, TaskAction, TaskActionStatus } from "./task-action.ts";

function action(name: string, phases: Phase[], status: TaskActionStatus = {}): TaskAction {
  const phaseHistory = phases.map((phase) => ({ phase, attempt: 1, occurredAt: "2026-11-22T17:00:00.000Z" }));
  return {
    metadata: { namespace: "ns", name },
    spec: {
      runName: name,
      project: "p",
      domain: "d",
      actionName: "a0",
      taskType: "",
      taskTemplate: "",
      inputUri: "",
      runOutputBase: "",
    },
    status: { phaseHistory, attempts: 1, ...status },
  };
}

/** A control plane that can be slow, away, or refuse one run. */
function world() {
  const heard: string[] = [];
  const acknowledged: string[] = [];
  const state = { away: false, refuses: "", sends: 0, hold: undefined as Promise<void> | undefined };
  const { log, lines } = recordingLog();
  const words = (report: ActionReport) => `${report.key?.run} ${ActionPhase[report.phase]}`;
  const reporter = new Reporter({
    send: async (reports) => {
      state.sends++;
      await state.hold;
      if (state.away) throw new ConnectError("away", Code.Unavailable);
      if (reports.some(({ key }) => key?.run === state.refuses)) throw new ConnectError("bad", Code.InvalidArgument);
      heard.push(...reports.map(words));
    },
    acknowledged: (key) => acknowledged.push(key),
    log,
    pause: () => new Promise((resolve) => setTimeout(resolve, 1)),
  });
  const settled = async () => {
    for (let turns = 0; turns < 200 && reporter.pending > 0; turns++)
      await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { reporter, heard, acknowledged, state, settled, lines };
}

describe("Reporter", () => {
  it("tells each transition once and in order, however often the action is seen", async () => {
    const { reporter, heard, settled } = world();
    reporter.offer(action("r1", ["QUEUED"]));
    reporter.offer(action("r1", ["QUEUED", "RUNNING"]));
    await settled();
    reporter.offer(action("r1", ["QUEUED", "RUNNING"]));
    reporter.offer(action("r1", ["QUEUED", "RUNNING", "SUCCEEDED"]));
    reporter.offer(action("r1", ["QUEUED"]));
    await settled();
    expect(heard).toEqual(["r1 QUEUED", "r1 RUNNING", "r1 SUCCEEDED"]);
    expect(reporter.acknowledged("ns/r1")).toBe(3);
  });

  it("loses nothing while the control plane is away, and keeps the order", async () => {
    const { reporter, heard, state, settled } = world();
    state.away = true;
    reporter.offer(action("r1", ["QUEUED"]));
    reporter.offer(action("r2", ["QUEUED"]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    reporter.offer(action("r1", ["QUEUED", "RUNNING"]));
    expect([heard, reporter.pending]).toEqual([[], 3]);
    state.away = false;
    await settled();
    expect(heard).toEqual(["r1 QUEUED", "r1 RUNNING", "r2 QUEUED"]);
  });

  it("begins after what an earlier process has had acknowledged", async () => {
    const { reporter, heard, settled } = world();
    reporter.offer(action("r1", ["QUEUED", "RUNNING", "SUCCEEDED"], { reportedPhases: 2 }));
    await settled();
    expect(heard).toEqual(["r1 SUCCEEDED"]);
  });

  it("does not let one refused report hold up the others, and says so in the log", async () => {
    const { reporter, heard, state, settled, lines } = world();
    state.refuses = "r2";
    for (const run of ["r1", "r2", "r3"]) reporter.offer(action(run, ["QUEUED"]));
    await settled();
    expect(heard.sort()).toEqual(["r1 QUEUED", "r3 QUEUED"]);
    expect(lines.filter((line) => line.includes("refuses a report"))).toHaveLength(1);
  });

  it("ends a deleted action as aborted, but not one that had ended", async () => {
    const { reporter, heard, settled } = world();
    reporter.aborted(action("r1", ["QUEUED", "RUNNING"]));
    reporter.aborted(action("r1", ["QUEUED", "RUNNING"]));
    reporter.aborted(action("r2", ["QUEUED", "SUCCEEDED"]));
    await settled();
    expect(heard).toEqual(["r1 QUEUED", "r1 RUNNING", "r1 ABORTED", "r2 QUEUED", "r2 SUCCEEDED"]);
  });

  it("is settled about an action once all of it was heard, and not before it knows of it", async () => {
    const { reporter, state, settled } = world();
    expect(reporter.settled("ns/r1")).toBe(false);
    state.away = true;
    reporter.aborted(action("r1", ["QUEUED"]));
    expect(reporter.settled("ns/r1")).toBe(false);
    state.away = false;
    await settled();
    expect(reporter.settled("ns/r1")).toBe(true);
  });

  it("says all again when asked again, even while it is being said", async () => {
    const { reporter, heard, state, settled } = world();
    let release: () => void = () => undefined;
    state.hold = new Promise((resolve) => {
      release = resolve;
    });
    reporter.offer(action("r1", ["QUEUED", "SUCCEEDED"]));
    reporter.repeat(action("r1", ["QUEUED", "SUCCEEDED"], { reportedPhases: 2 }));
    release();
    await settled();
    expect(heard).toEqual(["r1 QUEUED", "r1 SUCCEEDED", "r1 QUEUED", "r1 SUCCEEDED"]);
  });

  it("keeps nothing of an action that is gone, once it has been told", async () => {
    const { reporter, heard, settled } = world();
    reporter.aborted(action("r1", ["QUEUED"]));
    reporter.forget("ns/r1");
    await settled();
    expect([heard, reporter.acknowledged("ns/r1")]).toEqual([["r1 QUEUED", "r1 ABORTED"], 0]);
  });

  it("stops at once while the control plane is away", async () => {
    const { reporter, state } = world();
    state.away = true;
    reporter.offer(action("r1", ["QUEUED"]));
    await reporter.stop();
    const { sends } = state;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(state.sends).toBe(sends);
  });
});
