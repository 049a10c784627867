/** Every declared project-domain, whenever the region's list changes and from time to time in between. */
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { histogram, secondsSince } from "../../shared/metrics.ts";
import { aborted } from "../../shared/pause.ts";
import type { Objects } from "./objects.ts";
import { reconcile } from "./reconcile.ts";
import { type KnownProject, planOf, type Settings, type Space, standingOf } from "./settings.ts";

export interface SyncOptions {
  settings: Settings;
  apiKey: string;
  objects: Objects;
  /** Tells people where they look for it: what was left alone, and why. */
  tell(subject: string, message: string): Promise<void>;
  log: Logger;
  /** Between two looks without a change; drift is put back within it. @default 5 minutes */
  everyMs?: number;
  /** After a look that failed, or that found something on its way out. @default 5 s */
  retryMs?: number;
}

export interface Sync {
  /** The region's whole list, as often as it comes. */
  know(projects: KnownProject[]): void;
  /** Throws with the reason while there is no list, or the last look failed. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

const looks = histogram("biplane_sync_reconcile_seconds", "How long one look at one project-domain's objects took", {
  outcome: ["done", "failed"],
});

export function startSync(options: SyncOptions): Sync {
  const { log, everyMs = 300_000, retryMs = 5_000 } = options;
  const stopping = new AbortController();
  let known: KnownProject[] | undefined;
  let failure: string | undefined = "the region has not told its projects yet";
  let wake = () => {};

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      const list = known;
      let waitMs: number | undefined;
      if (list) {
        const looked = await lookAtAll(list, options, stopping.signal);
        failure = looked.failure;
        waitMs = failure === undefined && !looked.ending ? everyMs : retryMs;
      }
      await first(changed, waitMs, stopping.signal);
    }
  })();
  running.catch((error: unknown) => log.error("the sync has stopped by an error", { error }));

  return {
    know(projects) {
      known = projects;
      wake();
    },
    async ready() {
      if (failure !== undefined) throw new Error(failure);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** @returns the last failure, which keeps no other project-domain from its turn, and whether something is on its way out */
async function lookAtAll(known: KnownProject[], options: SyncOptions, signal: AbortSignal) {
  let failure: string | undefined;
  let ending = false;
  for (const space of options.settings.projects) {
    if (signal.aborted) break;
    const began = performance.now();
    try {
      if (await lookAt(space, known, options)) ending = true;
      looks.observe({ outcome: "done" }, secondsSince(began));
    } catch (error) {
      looks.observe({ outcome: "failed" }, secondsSince(began));
      failure = `${space.project}/${space.domain}: ${messageOf(error)}`;
      options.log.warn("a project's objects could not be made", { ...nameOf(space), error });
    }
  }
  return { failure, ending };
}

/** @returns whether something there is being deleted. */
async function lookAt(space: Space, known: KnownProject[], { settings, apiKey, objects, tell, log }: SyncOptions) {
  const standing = standingOf(space, known);
  const plan = planOf(space, standing, settings, apiKey);
  const { made, putRight, foreign, ending } = await reconcile(plan, standing, objects);
  if (made.length > 0) log.info("a project's objects were made", { ...nameOf(space), made });
  if (putRight.length > 0) log.info("a project's objects were put right", { ...nameOf(space), standing, putRight });
  for (const title of foreign) {
    const message = `${title} is there and was not made by this service: it is left alone, and ${space.project}/${space.domain} is not served whole. Remove it, or rename the project or the domain.`;
    log.warn("an object of another was left alone", { ...nameOf(space), object: title });
    await tell(title, message);
  }
  return ending;
}

/** Not too many at one moment, when many planes heard of a change together: between 0.8 and 1.2 of the time. */
async function first(changed: Promise<void>, waitMs: number | undefined, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const later = new Promise<void>((resolve) => {
    if (waitMs !== undefined) timer = setTimeout(resolve, waitMs * (0.8 + 0.4 * Math.random()));
  });
  await Promise.race([changed, later, aborted(signal)]);
  clearTimeout(timer);
}

function nameOf({ project, domain }: Space) {
  return { project, domain };
}
