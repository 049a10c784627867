/** Reports of compute planes, written down. The rules are in progress.ts; here rows are locked, moved and stored. */
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { type Database, statement, type Transaction } from "../../shared/postgres.ts";
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
    // What does not wait for another's answer is sent with it.
    const [rows, attempts] = await Promise.all([
      lockActions(transaction, org, cluster, reports),
      readAttempts(transaction, org, reports),
    ]);
    const given = new Map(rows.map((row) => [actionId(row), row]));
    const known = reports.filter(({ key }) => given.has(actionId(key)));
    if (known.length === 0) return;
    const moved = rows.map((row) => moveAction(row, known));
    const [asking] = await Promise.all([
      storeActions(transaction, org, cluster, moved),
      storeAttempts(transaction, org, cluster, known, attempts),
      finish(transaction, org, known),
    ]);
    await keepResults(transaction, org, moved.filter(hasSucceeded).map(successOf));
    for (const { row, state } of moved) {
      if (!endsInFailure(state.phase) || isTerminal(row.phase)) continue;
      const reason = `its parent action ${row.action} ended: ${ActionPhase[state.phase]}`;
      await abortTree(transaction, org, row, { reason, self: false });
    }
    const ended = moved.filter(hasEnded).filter(({ row }) => asking.has(actionId(row)));
    const parents = ended.map(({ row, state: { phase } }) => ({ ...row, phase }));
    await endConditions(transaction, org, parents);
    const topics = new Set(rows.map((row) => runTopic(org, row)));
    await Promise.all([...topics].map((topic) => announceRun(transaction, topic)));
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

/** Each is looked up by its key: "for update" leaves no other way, whatever statistics say. */
const lockSql = statement(
  `select locked.*
   from json_to_recordset($3) as k (project text, domain text, run text, action text)
   cross join lateral (
     select a.project, a.domain, a.run, a.action, a.cache_key, a.phase, a.progress, a.phase_at, a.attempt, a.output_uri,
       a.error_code, a.error_message, a.error_kind, a.started_at, a.ended_at
     from biplane.actions a
     where a.org = $1 and a.project = k.project and a.domain = k.domain and a.run = k.run and a.action = k.action
       and (a.cluster = $2 or exists (
         select 1 from biplane.queue q
         where q.org = a.org and q.project = a.project and q.domain = a.domain and q.run = a.run
           and q.action = a.action and q.cluster = $2
       ))
     for update of a
   ) locked`,
);

async function lockActions(transaction: Transaction, org: string, cluster: string, reports: KeyedReport[]) {
  const keys = [...new Map(reports.map(({ key }) => [actionId(key), key]))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return transaction.query<LockedRow>(lockSql, [org, cluster, JSON.stringify(keys.map(([, key]) => key))]);
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

/** By name: a column that a newer build has added takes its default. */
const attemptColumns = `org, project, domain, run, action, cluster, attempt, phase, phase_at, reached, output_uri,
  error_code, error_message, error_kind`;

const attemptsSql = statement(
  `select attempts.*
   from json_to_recordset($2) as k (project text, domain text, run text, action text, attempt integer)
   cross join lateral (
     select ${attemptColumns} from biplane.attempts t
     where t.org = $1 and t.project = k.project and t.domain = k.domain and t.run = k.run and t.action = k.action
       and t.attempt = k.attempt
     limit 1
   ) attempts`,
);

const storeAttemptsSql = statement(
  `insert into biplane.attempts (${attemptColumns})
   select ${attemptColumns} from json_populate_recordset(null::biplane.attempts, $1)
   on conflict (org, project, domain, run, action, attempt) do update set phase = excluded.phase,
     phase_at = excluded.phase_at, reached = excluded.reached, output_uri = excluded.output_uri,
     error_code = excluded.error_code, error_message = excluded.error_message, error_kind = excluded.error_kind`,
);

type StoredAttempt = AttemptRow & ActionKey;

/** Looked at once their actions are locked: a transaction's statements are carried out in their order. */
function readAttempts(transaction: Transaction, org: string, reports: KeyedReport[]): Promise<StoredAttempt[]> {
  const keys = reports.map(({ key, attempt }) => ({ ...key, attempt }));
  return transaction.query<StoredAttempt>(attemptsSql, [org, JSON.stringify(keys)]);
}

async function storeAttempts(
  transaction: Transaction,
  org: string,
  cluster: string,
  reports: KeyedReport[],
  stored: StoredAttempt[],
): Promise<void> {
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
  await transaction.query(storeAttemptsSql, [JSON.stringify(rows)]);
}

const storeActionSql = statement(
  `update biplane.actions a set cluster = $6, phase = $7, progress = $8, phase_at = $9, attempt = $10, output_uri = $11,
     error_code = $12, error_message = $13, error_kind = $14, started_at = $15, ended_at = $16, updated_at = now(),
     changed_in = pg_current_xact_id()
   where a.org = $1 and a.project = $2 and a.domain = $3 and a.run = $4 and a.action = $5
   returning exists (
     select 1 from biplane.conditions c
     where c.org = a.org and c.project = a.project and c.domain = a.domain and c.run = a.run and c.parent = a.action
   ) as asks`,
);

/** @returns ids of those that have asked for something: seen under the lock, as whoever asks holds their parent. */
async function storeActions(
  transaction: Transaction,
  org: string,
  cluster: string,
  moved: { row: ActionKey; state: ActionState }[],
): Promise<Set<string>> {
  const asking = new Set<string>();
  // All are sent at once.
  const stored = moved.map(async ({ row, state }) => {
    const { code, message, kind } = state.error ?? noError;
    const [action] = await transaction.query<{ asks: boolean }>(storeActionSql, [
      ...[org, row.project, row.domain, row.run, row.action, cluster, state.phase, state.progress, state.phaseAt],
      ...[state.attempt, state.outputUri, code, message, kind, state.startedAt, state.endedAt],
    ]);
    if (action?.asks) asking.add(actionId(row));
  });
  await Promise.all(stored);
  return asking;
}

const finishSql = statement(
  "delete from biplane.queue where org = $1 and project = $2 and domain = $3 and run = $4 and action = $5",
);

/** An attempt that ended for good leaves the queue, also where the record had the action's end before. */
async function finish(transaction: Transaction, org: string, reports: KeyedReport[]): Promise<void> {
  const ended = reports.filter(({ phase, retrying }) => isTerminal(phase) && !retrying);
  if (ended.length === 0) return;
  await Promise.all([
    ...ended.map(({ key: { project, domain, run, action } }) =>
      transaction.query(finishSql, [org, project, domain, run, action]),
    ),
    // A place is free.
    announceQueue(transaction, org),
  ]);
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

const noError = { code: "", message: "", kind: 0 };

function errorColumns(error: ActionState["error"]) {
  const { code, message, kind } = error ?? noError;
  return { error_code: code, error_message: message, error_kind: kind };
}
