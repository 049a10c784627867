/** The region's own record of runs, by the public API. */
import { setTimeout as sleep } from "node:timers/promises";
import { ActionPhase } from "../../gen/flyteidl2/common/phase_pb.js";
import { DataProxyService } from "../../gen/flyteidl2/dataproxy/dataproxy_service_pb.js";
import type { Action, ClusterEvent } from "../../gen/flyteidl2/workflow/run_definition_pb.js";
import { RunService } from "../../gen/flyteidl2/workflow/run_service_pb.js";
import { accessToken, api } from "./api.ts";
import { environment } from "./local-run.ts";

const terminal = new Set([ActionPhase.SUCCEEDED, ActionPhase.FAILED, ActionPhase.ABORTED, ActionPhase.TIMED_OUT]);

/** @param place whose runs they are. @default the local run's own project */
export async function runClient(place: Pick<typeof environment, "project" | "domain"> = environment) {
  const { org } = environment;
  const { project, domain } = place;
  const token = await accessToken();
  const client = api(RunService, token);
  const data = api(DataProxyService, token);
  const id = (run: string, name: string) => ({ name, run: { org, project, domain, name: run } });
  const details = async (run: string, action = "a0") =>
    (await client.getActionDetails({ actionId: id(run, action) })).details;
  /** Waits until the action has ended. */
  async function ended(run: string, action = "a0", patienceMs = 120_000) {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      const { details } = await client.getActionDetails({ actionId: id(run, action) });
      if (details?.status && terminal.has(details.status.phase)) return details;
      if (Date.now() > giveUpAt)
        throw new Error(`${run}/${action} is still ${ActionPhase[details?.status?.phase ?? 0]}`);
      await sleep(500);
    }
  }
  return {
    client,
    details,
    /** Starts the run's root task again, with the inputs that it had. @returns the new runs' names */
    async again(run: string, times: number): Promise<string[]> {
      const spec = (await details(run))?.spec;
      if (spec?.case !== "task") throw new Error(`${run} has no task`);
      const { inputsUri } = await client.getActionDataURIs({ actionId: id(run, "a0") });
      const started: string[] = [];
      for (let time = 0; time < times; time++) {
        const { run: made } = await client.createRun({
          id: { case: "projectId", value: { organization: org, name: project, domain } },
          task: { case: "taskSpec", value: spec.value },
          inputWrapper: { case: "offloadedInputData", value: { uri: inputsUri } },
        });
        started.push(made?.action?.id?.run?.name ?? "");
      }
      return started;
    },
    ended,
    /** What Kubernetes has said about the attempt's pod, once that has ended: oldest first. */
    async clusterEvents(run: string, action = "a0", attempt = 1): Promise<ClusterEvent[]> {
      const all: ClusterEvent[] = [];
      const signal = AbortSignal.timeout(60_000);
      for await (const said of client.watchClusterEvents({ id: id(run, action), attempt }, { signal }))
        all.push(...said.clusterEvents);
      return all;
    },
    /** What the action was given and what it returned. */
    data: (run: string, action = "a0") => data.getActionData({ actionId: id(run, action) }),
    /** The one output of a task that returns a string, as it was returned. */
    async outputString(run: string, action = "a0"): Promise<string> {
      // Whoever follows a run is told of its last line before its end is on record.
      await ended(run, action);
      const { outputs } = await data.getActionData({ actionId: id(run, action) });
      const value = outputs?.literals[0]?.value?.value;
      const scalar = value?.case === "scalar" ? value.value.value : undefined;
      const primitive = scalar?.case === "primitive" ? scalar.value.value : undefined;
      if (primitive?.case !== "stringValue") throw new Error(`${run}/${action} did not return a string`);
      return primitive.value;
    },
    /** All of them, page by page. */
    async actions(run: string) {
      const all: Action[] = [];
      for (let token = ""; ; ) {
        const page = await client.listActions({ runId: id(run, "").run, request: { limit: 100, token } });
        all.push(...page.actions);
        token = page.token;
        if (token === "") return all;
      }
    },
  };
}
