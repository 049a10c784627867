/**
 * The executor's protocol without a kubelet: the real RPCs, at any transport, and for each action whatever `behave`
 * says. Figures that come from it must say so.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  type ActionKey,
  ActionKeySchema,
  type ActionReportSchema,
  ExecutorQueueService,
  type LeasedAction,
} from "../../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionPhase } from "../../../../gen/flyteidl2/common/phase_pb.js";

export type Step = Omit<MessageInitShape<typeof ActionReportSchema>, "key" | "$typeName">;

export interface SimulatedExecutorOptions {
  transport: Transport;
  /** @default "simulated" */
  worker?: string;
  /** @default 100 */
  capacity?: number;
  /** The reports of an action, in order; stops being asked once the action is cancelled. @default `succeed` */
  behave?: (action: LeasedAction, cancelled: AbortSignal) => AsyncIterable<Step> | Iterable<Step>;
  /** How often leases are extended. @default 10000 */
  extendMs?: number;
}

export interface SimulatedExecutor {
  /** `<run>/<action>`, once for each delivery. */
  delivered: string[];
  cancelled: string[];
  keepAlives: number;
  /** Ends the stream and forgets everything, as a killed executor does. */
  stop(): Promise<void>;
}

export function* succeed({ runOutputBase, key }: LeasedAction): Iterable<Step> {
  for (const phase of [ActionPhase.QUEUED, ActionPhase.INITIALIZING, ActionPhase.RUNNING]) yield { phase, attempt: 1 };
  yield { phase: ActionPhase.SUCCEEDED, attempt: 1, outputUri: `${runOutputBase}/${key?.action}/1` };
}

/** As a cluster does on which the root's pod waits for its children. */
export function succeedChildren(action: LeasedAction): Iterable<Step> {
  return action.parentAction ? succeed(action) : [{ phase: ActionPhase.RUNNING, attempt: 1 }];
}

export function startSimulatedExecutor(options: SimulatedExecutorOptions): SimulatedExecutor {
  const { worker = "simulated", capacity = 100, behave = succeed, extendMs = 10_000 } = options;
  const queue = createClient(ExecutorQueueService, options.transport);
  const stop = new AbortController();
  const running = new Map<string, { key: ActionKey; cancel: AbortController; done: Promise<void> }>();
  const state: SimulatedExecutor = { delivered: [], cancelled: [], keepAlives: 0, stop: async () => {} };
  const nameOf = (key: ActionKey | undefined) => `${key?.run}/${key?.action}`;

  const report = async (key: ActionKey | undefined, step: Step) => {
    const reports = [{ occurredAt: timestampNow(), ...step, ...(key ? { key } : {}) }];
    await queue.report({ reports }, { signal: stop.signal });
  };
  const run = async (action: LeasedAction, cancelled: AbortSignal) => {
    for await (const step of behave(action, cancelled)) {
      if (cancelled.aborted || stop.signal.aborted) return;
      await report(action.key, step);
    }
  };
  const take = (action: LeasedAction) => {
    const name = nameOf(action.key);
    state.delivered.push(name);
    // Delivered twice, run once: as the executor, which finds its own resource there.
    if (running.has(name)) return;
    const cancel = new AbortController();
    const done = run(action, cancel.signal).finally(() => running.delete(name));
    running.set(name, { key: action.key ?? create(ActionKeySchema), cancel, done: unlessStopped(done, stop.signal) });
  };
  const obey = async (key: ActionKey | undefined) => {
    state.cancelled.push(nameOf(key));
    running.get(nameOf(key))?.cancel.abort();
    await report(key, { phase: ActionPhase.ABORTED, attempt: 1 });
  };
  const work = async () => {
    for await (const { message } of queue.lease({ worker, capacity }, { signal: stop.signal })) {
      if (message.case === "action") take(message.value);
      if (message.case === "cancel") await obey(message.value.key);
      if (message.case === "keepAlive") state.keepAlives += 1;
    }
  };
  const timer = setInterval(() => {
    const keys = [...running.values()].map(({ key }) => key);
    void unlessStopped(
      queue.extendLeases({ worker, keys }, { signal: stop.signal }).then(() => {}),
      stop.signal,
    );
  }, extendMs);
  const working = unlessStopped(work(), stop.signal);
  state.stop = async () => {
    stop.abort();
    clearInterval(timer);
    await working;
    await Promise.all([...running.values()].map(({ done }) => done));
  };
  return state;
}

/** What is cut off by the stop is no failure. */
async function unlessStopped(work: Promise<void>, stop: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!stop.aborted) throw error;
  }
}
