/** The executor put together: leases in, TaskActions and pods between, reports out. */

import { type Client, createClient } from "@connectrpc/connect";
import { type ActionKey, ExecutorQueueService } from "../../../gen/biplane/queue/v1/queue_pb.js";
import { spreadMs } from "../../shared/backoff.ts";
import { type Upstream, unaryCall } from "../../shared/client.ts";
import type { Logger } from "../../shared/log.ts";
import { gauge, histogram, secondsSince } from "../../shared/metrics.ts";
import { pause } from "../../shared/pause.ts";
import { ChildIndex } from "./children.ts";
import { type Cluster, StaleError } from "./cluster.ts";
import type { Deps, ExecutorSettings } from "./deps.ts";
import type { CacheEvents, Caches } from "./informers.ts";
import { cancelAction, type IntakeDeps, takeAction } from "./intake.ts";
import { extendLeases, followLeases, type LeaseOptions } from "./leases.ts";
import { Notes } from "./notes.ts";
import { reconcile } from "./reconcile.ts";
import { Reporter } from "./reporter.ts";
import type { ResultStore } from "./results.ts";
import { keyOf, labels, type TaskAction } from "./task-action.ts";
import { WorkQueue } from "./work-queue.ts";

export interface ExecutorOptions {
  cluster: Cluster;
  /** Resolves once the cluster has been listed; follows it until the signal aborts. */
  watch(events: CacheEvents, signal: AbortSignal): Promise<Caches>;
  namespaces: string[];
  upstream: Pick<Upstream, "transport">;
  results: ResultStore;
  settings: ExecutorSettings;
  worker: string;
  capacity: number;
  log: Logger;
}

export interface Executor {
  /** Throws while the cluster has not been listed. */
  ready(): Promise<void>;
  /** Reports that the control plane has not taken yet. */
  pendingReports(): number;
  stop(): Promise<void>;
}

const depth = gauge("biplane_executor_queue_depth", "TaskActions to be looked at; of the replica that works", {
  state: ["waiting", "working", "later"],
});
const pending = gauge("biplane_executor_pending_reports", "Reports that the region has not taken yet", {});
const reconciles = histogram("biplane_executor_reconcile_seconds", "How long one look at one TaskAction took", {
  outcome: ["done", "stale", "failed"],
});

export function startExecutor(options: ExecutorOptions): Executor {
  const { cluster, namespaces, settings, log } = options;
  const client: Client<typeof ExecutorQueueService> = createClient(ExecutorQueueService, options.upstream.transport);
  const stopping = new AbortController();
  let caches: Caches | undefined;

  const reporter = new Reporter({
    send: async (reports) => void (await client.report({ reports }, unaryCall)),
    acknowledged: (key) => queue.add(key),
    log,
    pause: (repetition) => pause(spreadMs(repetition), stopping.signal),
  });
  const notes = new Notes();
  const queue = new WorkQueue({
    work: (key) => (caches ? timed(reconcile(key, { ...depsOf(caches) })) : Promise.resolve(undefined)),
    onError: (key, error, retryMs) => {
      // The watch is about to bring what changed.
      if (error instanceof StaleError) log.debug("an action was read from an old cache", { action: key });
      else log.warn("an action could not be taken further", { action: key, retryMs, error });
    },
  });
  const unwatch = [
    depth.read({ state: "waiting" }, () => queue.size.waiting),
    depth.read({ state: "working" }, () => queue.size.working),
    depth.read({ state: "later" }, () => queue.size.later),
    pending.read({}, () => reporter.pending),
  ];
  const children = new ChildIndex();
  const depsOf = ({ actions: all, pods }: Caches): Deps => {
    const actions = {
      get: all.get,
      childrenOf: (parent: TaskAction) => children.of(parent).flatMap((key) => all.get(key) ?? []),
    };
    return { actions, pods, cluster, results: options.results, reporter, settings, now: Date.now, log, notes };
  };

  const intake: IntakeDeps = {
    cluster,
    reporter,
    rules: { org: settings.org, namespaces: new Set(namespaces) },
    look: (key) => queue.add(key),
    log,
  };
  const leases: LeaseOptions = {
    client,
    worker: options.worker,
    capacity: options.capacity,
    take: (leased) => takeAction(leased, intake),
    cancel: (cancelled) => cancelAction(cancelled, intake),
    held: () =>
      caches?.actions
        .all()
        .filter((action) => needsLease(action, settings.org))
        .map(actionKey) ?? [],
    log,
    pause,
  };

  const running = (async () => {
    caches = await options.watch(
      {
        action: (action) => {
          children.add(action);
          queue.add(keyOf(action));
        },
        actionDeleted: (action) => {
          children.remove(action);
          notes.forget(keyOf(action));
          if (action.metadata.labels?.[labels.org] !== settings.org) return;
          if (!action.metadata.labels[labels.recorded]) reporter.aborted(action);
          reporter.forget(keyOf(action));
        },
        pod: (pod) => {
          const owner = pod.metadata?.ownerReferences?.find(({ kind }) => kind === "TaskAction");
          if (owner) queue.add(`${pod.metadata?.namespace}/${owner.name}`);
        },
      },
      stopping.signal,
    );
    // What was listed before the caches were ready has been looked at in vain.
    for (const action of caches.actions.all()) {
      children.add(action);
      queue.add(keyOf(action));
    }
    await Promise.all([followLeases(leases, stopping.signal), extendLeases(leases, stopping.signal)]);
  })();
  running.catch((error: unknown) => log.error("the executor has stopped by an error", { error }));

  return {
    ready: async () => {
      if (!caches) throw new Error("the cluster has not been listed yet");
    },
    pendingReports: () => reporter.pending,
    async stop() {
      // First of all, or an aborted pause would have it send again and again. What is not told is told after a restart.
      const told = reporter.stop();
      stopping.abort();
      await queue.stop();
      await told;
      for (const end of unwatch) end();
    },
  };
}

async function timed<T>(look: Promise<T>): Promise<T> {
  const began = performance.now();
  let outcome: "done" | "stale" | "failed" = "failed";
  try {
    const answer = await look;
    outcome = "done";
    return answer;
  } catch (error) {
    if (error instanceof StaleError) outcome = "stale";
    throw error;
  } finally {
    reconciles.observe({ outcome }, secondsSince(began));
  }
}

/** Until the control plane has heard of its end. */
function needsLease({ metadata }: TaskAction, org: string): boolean {
  const of = metadata.labels ?? {};
  return of[labels.org] === org && of[labels.recorded] === undefined && !metadata.deletionTimestamp;
}

function actionKey({ spec }: TaskAction): Pick<ActionKey, "project" | "domain" | "run" | "action"> & ActionKey {
  const { project, domain, runName: run, actionName: action } = spec;
  return { $typeName: "biplane.queue.v1.ActionKey", project, domain, run, action };
}
