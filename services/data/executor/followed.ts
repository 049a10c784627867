/** Watches that go on whatever happens, and what they know. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiException, type KubernetesObject, type ListWatch } from "@kubernetes/client-node";
import { spreadMs } from "../../shared/backoff.ts";
import type { Logger } from "../../shared/log.ts";
import { splitKey } from "./task-action.ts";

/** By `<namespace>/<name>`. */
export interface Cache<T> {
  get(key: string): T | undefined;
  all(): T[];
}

/**
 * Resolves once there is a list. The library resumes and lists anew by itself, but stops at every error: this starts it
 * again, at a random moment.
 */
export async function keepGoing<T extends KubernetesObject>(
  watch: ListWatch<T>,
  { mayBeAbsent, log }: { mayBeAbsent: boolean; log: Logger },
  stopping: AbortSignal,
) {
  let failures = 0;
  await new Promise<void>((listed) => {
    const start = () => {
      if (stopping.aborted) return;
      watch.start().then(
        () => {
          // An error has been told by its event before start() ends, and has left no position to watch from.
          if (watch.latestResourceVersion() !== "") listed();
        },
        (error: unknown) => log.error("a watch could not be started", { error }),
      );
    };
    watch.on("connect", () => {
      failures = 0;
    });
    watch.on("error", (error: unknown) => {
      if (stopping.aborted) return;
      if (mayBeAbsent && isRefused(error)) {
        // A namespace without rights for us is one that is still to be made: there is nothing in it to know.
        listed();
        void sleep(absentMs * (0.5 + Math.random()), undefined, { ref: false }).then(start);
        return;
      }
      log.warn("a watch was lost", { error });
      const delay = spreadMs(failures++);
      void sleep(delay, undefined, { ref: false }).then(start);
    });
    start();
  });
}

/** How often an absent namespace is asked for, twice each time: there may be dozens. */
const absentMs = 10_000;

function isRefused(error: unknown): boolean {
  return error instanceof ApiException && (error.code === 403 || error.code === 404);
}

export function cacheOf<T extends KubernetesObject>(watches: Map<string, ListWatch<T>>): Cache<T> {
  return {
    get: (key) => {
      const { namespace, name } = splitKey(key);
      return watches.get(namespace)?.get(name, namespace);
    },
    all: () => [...watches.values()].flatMap((watch) => [...watch.list()]),
  };
}
