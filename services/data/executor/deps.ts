/** What a reconciliation works with. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import type { Cluster } from "./cluster.ts";
import type { PodSettings } from "./pod.ts";
import type { Reporter } from "./reporter.ts";
import type { ResultStore } from "./results.ts";
import type { TaskAction } from "./task-action.ts";

export interface ExecutorSettings {
  org: string;
  pod: PodSettings;
  /** Attempts that may end by the platform's fault. */
  systemRetries: number;
  /** How long a container may be unable to start (an image that cannot be pulled) before its attempt fails. */
  startGraceMs: number;
  /** How long an ended action, its pods and so their logs are kept. */
  historyMs: number;
}

export interface Deps {
  actions: { get(key: string): TaskAction | undefined; childrenOf(action: TaskAction): readonly TaskAction[] };
  pods: { get(key: string): V1Pod | undefined };
  cluster: Cluster;
  results: ResultStore;
  reporter: Pick<Reporter, "offer" | "aborted" | "acknowledged" | "settled">;
  settings: ExecutorSettings;
  /** Milliseconds since 1970. */
  now(): number;
  log: Logger;
  /** First sight of a container that cannot start, by pod; lost with the process, which only lengthens the grace. */
  blockedSince: Map<string, number>;
  /** Output folders that could not be read when their attempt ended; lost with the process, and then not told apart. */
  unread: Set<string>;
}

/** A safety net under the watches. */
export const resyncMs = 60_000;
