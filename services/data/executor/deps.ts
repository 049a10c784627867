/** What a reconciliation works with. */
import type { V1Pod } from "@kubernetes/client-node";
import type { Logger } from "../../shared/log.ts";
import type { Cluster } from "./cluster.ts";
import type { Notes } from "./notes.ts";
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
  notes: Notes;
}

/** A safety net under the watches. */
export const resyncMs = 60_000;
