/** Reports of compute planes, written down. The rules are in progress.ts; here rows are locked, moved and stored. */
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import type { Database, Transaction } from "../../shared/postgres.ts";
import { abortTree } from "./abort.ts";
import { keepResults, type Success } from "./cached-results.ts";
import { endConditions } from "./conditions.ts";
import { type ActionKey, actionId, runTopic } from "./keys.ts";
import { announceQueue, announceRun } from "./notify.ts";
import {
  type ActionState,
  type AttemptState,
  advanceAction,
  advanceAttempt,
  endsInFailure,
  isTerminal,
  type Report,
} from "./progress.ts";
import type { ActionRow, AttemptRow } from "./rows.ts";

export interface KeyedReport extends Report {
  key: ActionKey;
}

type LockedRow = ActionKey & { cache_key: string } & Pick<
    ActionRow,
    "phase" | "progress" | "phase_at" | "attempt" | "output_uri" | "started_at" | "ended_at"
  > &
  Pick<ActionRow, "error_code" | "error_message" | "error_kind">;

/**
 * All of them or none. A cluster can report only on actions that it was given; reports on others are dropped without a
 * word, so that they do not tell what exists.
 */
export async function applyReports(
  database: Database,
  org: string,
  cluster: string,
  reports: KeyedReport[],
): Promise<void> {
  const mayAbort = reports.filter(({ phase, retrying }) => endsInFailure(phase) && !retrying);
  const exclusive = [...new Set(mayAbort.map(({ key }) => runTopic(org, key)))];
  const work = async (transaction: Transaction) => {
    const rows = await lockActions(transaction, org, cluster, reports);
    const given = new Map(rows.map((row) => [actionId(row), row]));
    const known = reports.filter(({ key }) => given.has(actionId(key)));
    if (known.length === 0) return;
    await storeAttempts(transaction, org, cluster, known);
    const moved = rows.map((row) => moveAction(row, known));
    const asking = await storeActions(transaction, org, cluster, moved);
    await finish(transaction, org, known);
    await keepResults(transaction, org, moved.filter(hasSucceeded).map(successOf));
    for (const { row, state } of moved) {
      if (!endsInFailure(state.phase) || isTerminal(row.phase)) continue;
      const reason = `its parent action ${row.action} ended: ${ActionPhase[state.phase]}`;
      await abortTree(transaction, org, row, { reason, self: false });
    }
    const ended = moved.filter(hasEnded).filter(({ row }) => asking.has(actionId(row)));
    const parents = ended.map(({ row, state: { phase } }) => ({ ...row, phase }));
    await endConditions(transaction, org, parents);
    for (const topic of new Set(rows.map((row) => runTopic(org, row)))) await announceRun(transaction, topic);
  };
  await database.withOrg(org, work, { exclusive });
}

const hasEnded = ({ row, state }: Moved) => isTerminal(state.phase) && !isTerminal(row.phase);

/** By this report: what was a success before is in the cache already. */
const hasSucceeded = ({ row, state }: Moved) =>
  state.phase === ActionPhase.SUCCEEDED && row.phase !== ActionPhase.SUCCEEDED;

function successOf({ row, state }: Moved): Success {
  const { project, domain, run, action, cache_key } = row;
  return { project, domain, run, action, cache_key, output_uri: state.outputUri };
}

const recordColumns = "(project text, domain text, run text, action text)";

async function lockActions(transaction: Transaction, org: string, cluster: string, reports: KeyedReport[]) {
  const keys = [...new Map(reports.map(({ key }) => [actionId(key), key])).values()];
  return transaction.query<LockedRow>(
    `select a.project, a.domain, a.run, a.action, a.cache_key, a.phase, a.progress, a.phase_at, a.attempt, a.output_uri,
       a.error_code, a.error_message, a.error_kind, a.started_at, a.ended_at
     from biplane.actions a
     join json_to_recordset($3) as k ${recordColumns}
       on a.project = k.project and a.domain = k.domain and a.run = k.run and a.action = k.action
     where a.org = $1 and (a.cluster = $2 or exists (
       select 1 from biplane.queue q
       where q.org = a.org and q.project = a.project and q.domain = a.domain and q.run = a.run and q.action = a.action
         and q.cluster = $2
     ))
     order by a.project, a.domain, a.run, a.action
     for update of a`,
    [org, cluster, JSON.stringify(keys)],
  );
}

interface Moved {
  row: LockedRow;
  state: ActionState;
}

function moveAction(row: LockedRow, reports: KeyedReport[]): Moved {
  const before: ActionState = {
    phase: row.phase,
    progress: Number(row.progress),
    phaseAt: row.phase_at,
    attempt: row.attempt,
    outputUri: row.output_uri,
    ...(row.error_code ? { error: errorOf(row) } : {}),
    ...(row.started_at ? { startedAt: row.started_at } : {}),
    ...(row.ended_at ? { endedAt: row.ended_at } : {}),
  };
  const mine = reports.filter(({ key }) => actionId(key) === actionId(row));
  return { row, state: mine.reduce(advanceAction, before) };
}

async function storeAttempts(transaction: Transaction, org: string, cluster: string, reports: KeyedReport[]) {
  const keys = reports.map(({ key, attempt }) => ({ ...key, attempt }));
  const stored = await transaction.query<AttemptRow & ActionKey>(
    `select distinct t.* from biplane.attempts t
     join json_to_recordset($2) as k (project text, domain text, run text, action text, attempt integer)
       on t.project = k.project and t.domain = k.domain and t.run = k.run and t.action = k.action and t.attempt = k.attempt
     where t.org = $1`,
    [org, JSON.stringify(keys)],
  );
  const states = new Map<string, { key: ActionKey; state: AttemptState }>();
  const idOf = (key: ActionKey, attempt: number) => `${actionId(key)}/${attempt}`;
  for (const row of stored) states.set(idOf(row, row.attempt), { key: row, state: attemptOf(row) });
  for (const report of reports) {
    const id = idOf(report.key, report.attempt);
    states.set(id, { key: report.key, state: advanceAttempt(states.get(id)?.state, report) });
  }
  const rows = [...states.values()].map(({ key: { project, domain, run, action }, state }) => ({
    ...{ org, project, domain, run, action, cluster, attempt: state.attempt },
    ...{ phase: state.phase, phase_at: state.phaseAt, reached: reachedRow(state), output_uri: state.outputUri },
    ...errorColumns(state.error),
  }));
  await transaction.query(
    `insert into biplane.attempts (${attemptColumns})
     select ${attemptColumns} from json_populate_recordset(null::biplane.attempts, $1)
     on conflict (org, project, domain, run, action, attempt) do update set phase = excluded.phase,
       phase_at = excluded.phase_at, reached = excluded.reached, output_uri = excluded.output_uri,
       error_code = excluded.error_code, error_message = excluded.error_message, error_kind = excluded.error_kind`,
    [JSON.stringify(rows)],
  );
}

/** By name: a column that a newer build has added takes its default. */
const attemptColumns = `org, project, domain, run, action, cluster, attempt, phase, phase_at, reached, output_uri,
  error_code, error_message, error_kind`;

/** @returns ids of those that have asked for something: seen under the lock, as whoever asks holds their parent. */
async function storeActions(
  transaction: Transaction,
  org: string,
  cluster: string,
  moved: { row: ActionKey; state: ActionState }[],
): Promise<Set<string>> {
  const rows = moved.map(({ row: { project, domain, run, action }, state }) => ({
    ...{ project, domain, run, action, phase: state.phase, progress: state.progress, phase_at: state.phaseAt },
    ...{ attempt: state.attempt, output_uri: state.outputUri, started_at: state.startedAt, ended_at: state.endedAt },
    ...errorColumns(state.error),
  }));
  const stored = await transaction.query<ActionKey & { asks: boolean }>(
    `update biplane.actions a set cluster = $2, phase = n.phase, progress = n.progress, phase_at = n.phase_at,
       attempt = n.attempt, output_uri = n.output_uri, error_code = n.error_code, error_message = n.error_message,
       error_kind = n.error_kind, started_at = n.started_at, ended_at = n.ended_at, updated_at = now(),
       changed_in = pg_current_xact_id()
     from json_populate_recordset(null::biplane.actions, $3) n
     where a.org = $1 and a.project = n.project and a.domain = n.domain and a.run = n.run and a.action = n.action
     returning a.project, a.domain, a.run, a.action, exists (
       select 1 from biplane.conditions c
       where c.org = a.org and c.project = a.project and c.domain = a.domain and c.run = a.run and c.parent = a.action
     ) as asks`,
    [org, cluster, JSON.stringify(rows)],
  );
  return new Set(stored.filter(({ asks }) => asks).map(actionId));
}

/** An attempt that ended for good leaves the queue, also where the record had the action's end before. */
async function finish(transaction: Transaction, org: string, reports: KeyedReport[]): Promise<void> {
  const ended = reports.filter(({ phase, retrying }) => isTerminal(phase) && !retrying).map(({ key }) => key);
  if (ended.length === 0) return;
  await transaction.query(
    `delete from biplane.queue q using json_to_recordset($2) as k ${recordColumns}
     where q.org = $1 and q.project = k.project and q.domain = k.domain and q.run = k.run and q.action = k.action`,
    [org, JSON.stringify(ended)],
  );
  // A place is free.
  await announceQueue(transaction, org);
}

function attemptOf(row: AttemptRow): AttemptState {
  const reached = row.reached.flatMap((at, index) => (at ? [[index + 1, at] as const] : []));
  return {
    attempt: row.attempt,
    phase: row.phase,
    phaseAt: row.phase_at,
    reached: Object.fromEntries(reached),
    outputUri: row.output_uri,
    ...(row.error_code ? { error: errorOf(row) } : {}),
  };
}

function reachedRow({ reached }: AttemptState): (Date | null)[] {
  const last = Math.max(...Object.keys(reached).map(Number));
  return Array.from({ length: last }, (_, index) => reached[(index + 1) as ActionPhase] ?? null);
}

function errorOf(row: Pick<AttemptRow, "error_code" | "error_message" | "error_kind">) {
  return { code: row.error_code, message: row.error_message, kind: row.error_kind };
}

function errorColumns(error: ActionState["error"]) {
  return { error_code: error?.code ?? "", error_message: error?.message ?? "", error_kind: error?.kind ?? 0 };
}
