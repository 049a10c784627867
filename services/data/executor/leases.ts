/** Keeps a lease stream to the control plane open, and keeps its leases alive. */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import {
  type ActionKey,
  ActionKeySchema,
  type CancelAction,
  type ExecutorQueueService,
  type LeasedAction,
} from "../../../gen/biplane/queue/v1/queue_pb.js";
import { messageOf } from "../../../shared/errors.ts";
import { unaryCall } from "../../shared/client.ts";
import { keepStream } from "../../shared/kept-stream.ts";
import type { Logger } from "../../shared/log.ts";
import { counter } from "../../shared/metrics.ts";

export interface LeaseOptions {
  client: Client<typeof ExecutorQueueService>;
  /** The same after a restart, so that the leases stay its own. */
  worker: string;
  capacity: number;
  take(leased: LeasedAction): Promise<void>;
  cancel(cancelled: CancelAction): Promise<void>;
  /** Actions that still need their lease. */
  held(): ActionKey[];
  log: Logger;
  /** Waits; ends early when aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const taken = counter("biplane_executor_taken_total", "What came from the region's queue, by what became of it", {
  outcome: ["taken", "left"],
});
const lostLeases = counter("biplane_executor_leases_lost_total", "Leases that the region had given to another", {});

const extendEveryMs = 10_000;
const extendBatch = 500;
/** Attempts to make a resource of one action before it is left to be leased again. */
const takeAttempts = 5;

/** Runs until aborted; a lost stream is opened again. */
export function followLeases(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  const { client, worker, capacity, log } = options;
  return keepStream(
    {
      name: "the lease stream",
      log,
      open: (ending) => client.lease({ worker, capacity }, { signal: ending }),
      // Not awaited: one slow action must not hold up the next.
      onMessage({ message }) {
        if (message.case === "action")
          void patiently(() => options.take(message.value), message.value.key, options, signal);
        else if (message.case === "cancel")
          void patiently(() => options.cancel(message.value), message.value.key, options, signal);
      },
    },
    signal,
  );
}

async function patiently(
  work: () => Promise<void>,
  key: ActionKey | undefined,
  { log, pause }: LeaseOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await work();
      taken.add({ outcome: "taken" });
      return;
    } catch (error) {
      const action = key && `${key.run}-${key.action}`;
      log.warn("the cluster could not take an action", { action, attempt, error });
      // Not extended, its lease runs out and it comes again.
      if (attempt === takeAttempts) {
        taken.add({ outcome: "left" });
        return;
      }
      await pause(200 * 2 ** attempt, signal);
    }
  }
}

/** Extends all held leases every 10 s, until aborted. */
export async function extendLeases(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  const { client, worker, log, pause } = options;
  while (!signal.aborted) {
    const keys = options.held();
    try {
      for (let at = 0; at < keys.length; at += extendBatch) {
        const batch = keys.slice(at, at + extendBatch).map((key) => create(ActionKeySchema, key));
        const { lost } = await client.extendLeases({ worker, keys: batch }, { ...unaryCall, signal });
        // Work goes on: its reports are accepted late, and a lease that is offered again finds it running.
        lostLeases.add({}, lost.length);
        if (lost.length > 0) log.info("leases were lost", { count: lost.length });
      }
    } catch (error) {
      if (!signal.aborted) log.warn("leases could not be extended", { held: keys.length, reason: messageOf(error) });
    }
    await pause(extendEveryMs, signal);
  }
}
