/** What a parent's pod does with its children: enqueue, follow, abort. Three services offer it over one store. */
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { LiteralSchema } from "../../../gen/flyteidl2/core/literals_pb.js";
import { ActionType } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import type { ActionUpdateSchema } from "../../../gen/flyteidl2/workflow/state_service_pb.js";
import type { Caller } from "../../shared/auth/caller.ts";
import { alreadyExists, invalid, notFound } from "../../shared/errors.ts";
import type { Database } from "../../shared/postgres.ts";
import { errorInfo } from "../runs/error-info.ts";
import { actionIdOf } from "../runs/views.ts";
import { abortAction } from "../store/abort.ts";
import { type ChildRow, readChangedChildren, readRunAction } from "../store/actions.ts";
import { enqueueChild } from "../store/enqueue.ts";
import type { Hub } from "../store/hub.ts";
import { type ActionKey, runTopic } from "../store/keys.ts";
import { runChannel } from "../store/notify.ts";
import { readWhenever } from "../store/watch.ts";
import { type EnqueueFields, planChild } from "./new-child.ts";

export interface ActionsDeps {
  database: Database;
  hub: Hub;
}

/** A quiet watch repeats the sentinel, which the client takes for nothing new, before proxies cut the stream. */
const repeatMs = 30_000;

/** @throws already_exists, which means "attach" to the client, and aborted, which ends the parent. */
export async function enqueue({ database }: ActionsDeps, caller: Caller, request: EnqueueFields): Promise<void> {
  const { action, outputBase } = planChild(caller, request);
  const outcome = await enqueueChild(database, caller.org, action, outputBase);
  const { run, action: name } = action.key;
  if (outcome === "created") return;
  if (outcome === "exists") throw alreadyExists(`the action ${name} of the run ${run}`);
  if (outcome === "no-parent") throw notFound(`the action ${action.parent} of the run ${run}`);
  if (outcome === "parent-ended")
    throw new ConnectError(`the action ${action.parent} of the run ${run} has ended`, Code.Aborted);
  throw invalid({ subject: "run_output_base", value: outputBase.slice(0, 200), allowed: outcome.outputBase });
}

export async function abort({ database }: ActionsDeps, caller: Caller, key: ActionKey, reason = ""): Promise<void> {
  const by = { subject: caller.subject, kind: caller.kind };
  const outcome = await abortAction(database, caller.org, key, reason.slice(0, 4096), by);
  if (outcome === "not-found") throw notFound(`the action ${key.action} of the run ${key.run}`);
}

/** Of both services that offer it. */
interface ChildMessage {
  message:
    | { case: "actionUpdate"; value: MessageInitShape<typeof ActionUpdateSchema> }
    | { case: "controlMessage"; value: { sentinel: boolean } };
}

/**
 * Every child as it is, the sentinel, then changes: at least once each, the last state always. Stays open until the
 * caller leaves, since the parent may enqueue at any time.
 *
 * Conditions that wait are left out: a client that was started again and hears of one before it asks takes it for a task
 * from then on, and drops its answer (flyte 2.12, Action.from_state).
 */
export async function* watchChildren(
  { database, hub }: ActionsDeps,
  caller: Caller,
  parent: ActionKey,
  signal: AbortSignal,
): AsyncGenerator<ChildMessage> {
  const { org } = caller;
  if (!(await readRunAction(database, org, parent))) {
    throw notFound(`the action ${parent.action} of the run ${parent.run}`);
  }
  const sentinel: ChildMessage = { message: { case: "controlMessage", value: { sentinel: true } } };
  const sent = new Map<string, string>();
  let since: string | undefined;
  let sentinelAt = 0;
  const read = async () => {
    const changes = await readChangedChildren(database, org, parent, since);
    since = changes.since;
    return changes.actions;
  };
  for await (const rows of readWhenever(hub, { channel: runChannel, key: runTopic(org, parent) }, signal, read)) {
    for (const row of rows) {
      if (row.phase === ActionPhase.PAUSED && row.action_type === ActionType.CONDITION) continue;
      if (sent.get(row.action) === row.changed_in) continue;
      sent.set(row.action, row.changed_in);
      yield { message: { case: "actionUpdate", value: updateView(org, row) } };
    }
    if (Date.now() - sentinelAt < repeatMs) continue;
    sentinelAt = Date.now();
    yield sentinel;
  }
}

function updateView(org: string, row: ChildRow) {
  // What is known of a failed trace is in its own files, where the client finds it.
  const error = row.error_code || row.action_type === ActionType.TASK ? errorInfo(row.phase, row) : undefined;
  return {
    actionId: actionIdOf(org, row),
    phase: row.phase,
    ...(row.phase === ActionPhase.SUCCEEDED ? { outputUri: row.output_uri } : {}),
    ...(row.answer ? { value: fromBinary(LiteralSchema, row.answer) } : {}),
    ...(error ? { error: { code: error.code ?? "", message: error.message ?? "", kind: error.kind ?? 0 } } : {}),
  };
}
