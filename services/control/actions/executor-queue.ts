/** ExecutorQueueService: work for one compute plane. Organisation and cluster come from the tunnel's certificate. */
import { fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  ExecutorQueueService,
  LeasedActionSchema,
  LeaseResponseSchema,
} from "../../../gen/biplane/queue/v1/queue_pb.js";
import { TaskTemplateSchema } from "../../../gen/flyteidl2/core/tasks_pb.js";
import { RunSpecSchema } from "../../../gen/flyteidl2/task/run_pb.js";
import { TaskSpecSchema } from "../../../gen/flyteidl2/task/task_definition_pb.js";
import { invalid } from "../../shared/errors.ts";
import { keepAliveMs } from "../../shared/limits.ts";
import { counter } from "../../shared/metrics.ts";
import { type ActionKey, actionId } from "../store/keys.ts";
import { queueChannel } from "../store/notify.ts";
import {
  type CancelRow,
  extendLeases,
  type LeasedRow,
  lease,
  readCancellations,
  returnLeases,
  type Worker,
} from "../store/queue.ts";
import { applyReports } from "../store/reports.ts";
import { readWhenever } from "../store/watch.ts";
import type { ActionsDeps } from "./children.ts";
import { planeOf } from "./compute-plane.ts";
import { keyOf, reportOf } from "./reports.ts";

/** Leases run out without a notification, so the queue is looked at this often in any case. */
const lookMs = 5_000;
const repeatCancelMs = 10_000;
const maxKeys = 10_000;

const given = counter(
  "biplane_leases_total",
  "Actions that were given to compute planes, for the first time or again",
  {
    delivery: ["first", "again"],
  },
);
const takenBack = counter(
  "biplane_leases_returned_total",
  "Leases given back at once, since their stream had ended",
  {},
);
const lostLeases = counter(
  "biplane_leases_lost_total",
  "Leases that could not be extended: they are another's, or over",
  {},
);
const reported = counter("biplane_reports_total", "Reports of compute planes about actions that were taken", {});

type LeaseMessage = MessageInitShape<typeof LeaseResponseSchema>;

export function executorQueueService(deps: ActionsDeps): ServiceImpl<typeof ExecutorQueueService> {
  return {
    lease: ({ worker, capacity }, context) => {
      if (capacity < 1 || capacity > maxKeys) {
        throw invalid({ subject: "capacity", value: capacity, allowed: `a whole number from 1 to ${maxKeys}` });
      }
      return leases(deps, workerOf(context, worker), capacity, context.signal);
    },
    async extendLeases({ worker, keys }, context) {
      const lost = await extendLeases(deps.database, workerOf(context, worker), bounded(keys).map(keyOf));
      lostLeases.add({}, lost.length);
      return { lost };
    },
    async report({ reports }, context) {
      const { org, cluster } = workerOf(context, "reports");
      await applyReports(deps.database, org, cluster, bounded(reports).map(reportOf));
      reported.add({}, reports.length);
      return {};
    },
  };
}

/** Actions as they become due, cancellations until they are obeyed, and a sign of life every 10 s. */
async function* leases(
  { database, hub }: ActionsDeps,
  worker: Worker,
  capacity: number,
  signal: AbortSignal,
): AsyncGenerator<LeaseMessage> {
  const cancelled = new Map<string, number>();
  let lastAt = Date.now();
  const read = async () => {
    const cancels = await readCancellations(database, worker);
    return { cancels, leased: await lease(database, worker, capacity) };
  };
  const topic = { channel: queueChannel, key: worker.org };
  for await (const { cancels, leased } of readWhenever(hub, topic, signal, read, lookMs)) {
    for (const cancel of dueCancels(cancelled, cancels))
      yield { message: { case: "cancel", value: cancelView(cancel) } };
    yield* delivered(leased, (rest) => returnLeases(database, worker, rest), worker.org, signal);
    if (cancels.length + leased.length > 0) lastAt = Date.now();
    if (Date.now() - lastAt < keepAliveMs) continue;
    lastAt = Date.now();
    yield { message: { case: "keepAlive", value: {} } };
  }
}

/** What the stream's end keeps from being sent goes back at once; what was sent and not received runs out. */
async function* delivered(
  leased: LeasedRow[],
  giveBack: (rest: ActionKey[]) => Promise<void>,
  org: string,
  signal: AbortSignal,
): AsyncGenerator<LeaseMessage> {
  let count = 0;
  try {
    for (const row of leased) {
      if (signal.aborted) break;
      yield { message: { case: "action", value: leasedView(org, row) } };
      given.add({ delivery: row.deliveries > 1 ? "again" : "first" });
      count += 1;
    }
  } finally {
    takenBack.add({}, leased.length - count);
    if (count < leased.length)
      await giveBack(leased.slice(count).map(({ project, domain, run, action }) => ({ project, domain, run, action })));
  }
}

/** New ones at once, and each again every 10 s for as long as it stands. */
function dueCancels(sent: Map<string, number>, standing: CancelRow[]): CancelRow[] {
  const now = Date.now();
  const ids = new Set(standing.map(actionId));
  for (const id of sent.keys()) if (!ids.has(id)) sent.delete(id);
  const due = standing.filter((row) => now - (sent.get(actionId(row)) ?? 0) >= repeatCancelMs);
  for (const row of due) sent.set(actionId(row), now);
  return due;
}

function leasedView(org: string, row: LeasedRow): MessageInitShape<typeof LeasedActionSchema> {
  const template = fromBinary(TaskSpecSchema, row.spec).taskTemplate;
  const runSpec = fromBinary(RunSpecSchema, row.run_spec);
  return {
    key: { project: row.project, domain: row.domain, run: row.run, action: row.action },
    org,
    parentAction: row.parent,
    taskTemplate: template ? toBinary(TaskTemplateSchema, template) : new Uint8Array(),
    taskType: row.task_type,
    shortName: row.short_name,
    inputUri: row.input_uri,
    runOutputBase: row.output_base,
    env: Object.fromEntries((runSpec.envs?.values ?? []).map(({ key, value }) => [key, value])),
    cacheKey: row.cache_key,
    group: row.action_group,
    interruptible: runSpec.interruptible ?? false,
    runStartTime: timestampFromDate(row.start_time),
  };
}

function cancelView({ project, domain, run, action, cancel_reason: reason }: CancelRow) {
  return { key: { project, domain, run, action }, reason };
}

function workerOf(context: HandlerContext, worker: string): Worker {
  const { org, cluster } = planeOf(context);
  if (worker.length >= 1 && worker.length <= 253) return { org, cluster, worker };
  throw invalid({ subject: "worker", value: worker.slice(0, 80), allowed: "1 to 253 characters" });
}

function bounded<T>(list: T[]): T[] {
  if (list.length <= maxKeys) return list;
  throw invalid({ subject: "entries", value: list.length, allowed: `at most ${maxKeys}` });
}
