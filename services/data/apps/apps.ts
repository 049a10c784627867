/** The apps service put together: desired apps in by the region's stream, Knative Services between, reports out. */
import { fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import {
  AppDirectoryService,
  type DesiredApp as DesiredMessage,
  type WatchAppsResponse,
} from "../../../gen/biplane/apps/v1/apps_pb.js";
import { SpecSchema } from "../../../gen/flyteidl2/app/app_definition_pb.js";
import { spreadMs } from "../../shared/backoff.ts";
import { type Upstream, unaryCall } from "../../shared/client.ts";
import { keepStream } from "../../shared/kept-stream.ts";
import type { Logger } from "../../shared/log.ts";
import { gauge } from "../../shared/metrics.ts";
import { pause } from "../../shared/pause.ts";
import { splitKey } from "../executor/task-action.ts";
import { WorkQueue } from "../executor/work-queue.ts";
import type { AppCluster } from "./cluster.ts";
import type { AppCaches, Changed } from "./informers.ts";
import { labels } from "./knative.ts";
import { type AppSettings, type DesiredApp, namespaceOf } from "./plan.ts";
import { reconcileApp } from "./reconcile.ts";
import { AppReporter, type Told } from "./reporter.ts";

export interface AppsOptions {
  cluster: AppCluster;
  /** Resolves once the cluster has been listed; follows it until the signal aborts. */
  watch(changed: Changed, signal: AbortSignal): Promise<AppCaches>;
  upstream: Pick<Upstream, "transport">;
  settings: AppSettings;
  /** Apps are served at `<host>.<domain>`. */
  appsDomain: string;
  log: Logger;
}

export interface Apps {
  /** Throws while the cluster has not been listed. */
  ready(): Promise<void>;
  /** Reports that the region has not taken yet. */
  pendingReports(): number;
  stop(): Promise<void>;
}

const served = gauge("biplane_apps_desired", "Apps that the region wants served or stopped here", {});
const pending = gauge("biplane_apps_pending_reports", "Reports of apps that the region has not taken yet", {});

export function startApps(options: AppsOptions): Apps {
  const { cluster, settings, log, appsDomain } = options;
  const client: Client<typeof AppDirectoryService> = createClient(AppDirectoryService, options.upstream.transport);
  const stopping = new AbortController();
  /** By `<namespace>/<name>`. Stays while the region is away. */
  const desired = new Map<string, DesiredApp>();
  let caches: AppCaches | undefined;
  /** Until the region has told all of its apps nothing is removed for not being among them. */
  let listed = false;

  const reporter = new AppReporter({
    send: async (reports) => void (await client.reportApps({ reports: reports.map(reportOf) }, unaryCall)),
    log,
    pause: (repetition) => pause(spreadMs(repetition), stopping.signal),
  });
  const queue = new WorkQueue({
    async work(key) {
      if (!caches) return undefined;
      const app = desired.get(key);
      if (!app && !listed) return undefined;
      const { services, revisions } = caches;
      const place = splitKey(key);
      const revision = (name: string) => revisions.get(`${place.namespace}/${name}`);
      const observedAt = Date.now();
      const state = await reconcileApp(place, app, { service: services.get(key), revision }, { cluster, settings });
      // It may be another by now, which is looked at next.
      if (app && state && desired.get(key) === app) reporter.tell({ app, ...state, observedAt });
      return undefined;
    },
    onError: (key, error, retryMs) => log.warn("an app could not be taken further", { app: key, retryMs, error }),
  });
  const unwatch = [served.read({}, () => desired.size), pending.read({}, () => reporter.pending)];

  /** Of one stream: what it has told so far. */
  const hear = (told: Set<string>, { message }: WatchAppsResponse) => {
    switch (message.case) {
      case "app": {
        const app = desiredOf(message.value);
        const key = keyOf(app);
        const before = desired.get(key);
        if (before && before.uid !== app.uid) reporter.forget(before.uid);
        told.add(key);
        desired.set(key, app);
        return queue.add(key);
      }
      case "gone": {
        const key = keyOf(message.value);
        // Made again under its name it has been told before this.
        if (desired.get(key)?.uid !== message.value.uid) return;
        return forget(key);
      }
      case "listed": {
        listed = true;
        for (const key of desired.keys()) if (!told.has(key)) forget(key);
        for (const service of caches?.services.all() ?? []) {
          if (service.metadata.labels?.[labels.org] === settings.org) queue.add(liveKey(service));
        }
      }
    }
  };
  const forget = (key: string) => {
    const app = desired.get(key);
    desired.delete(key);
    if (app) reporter.forget(app.uid);
    queue.add(key);
  };

  const running = (async () => {
    caches = await options.watch((namespace, name) => queue.add(`${namespace}/${name}`), stopping.signal);
    let told = new Set<string>();
    await keepStream(
      {
        name: "the list of apps",
        log,
        open(ending) {
          told = new Set();
          reporter.again();
          return client.watchApps({ appsDomain }, { signal: ending });
        },
        onMessage: (message) => hear(told, message),
      },
      stopping.signal,
    );
  })();
  running.catch((error: unknown) => log.error("the apps service has stopped by an error", { error }));

  return {
    ready: async () => {
      if (!caches) throw new Error("the cluster has not been listed yet");
    },
    pendingReports: () => reporter.pending,
    async stop() {
      const told = reporter.stop();
      stopping.abort();
      await queue.stop();
      await told;
      for (const end of unwatch) end();
    },
  };
}

function desiredOf({ key, org, revision, host, spec }: DesiredMessage): DesiredApp {
  const { project = "", domain = "", name = "", uid = "" } = key ?? {};
  return { org, project, domain, name, uid, revision, host, spec: fromBinary(SpecSchema, spec) };
}

function reportOf({ app, status, substate, message, replicas, observedAt }: Told) {
  const { project, domain, name, uid, revision } = app;
  return {
    ...{ key: { project, domain, name, uid }, revision, observedAt: timestampFromMs(observedAt) },
    ...{ deploymentStatus: status, substate, message, replicas },
  };
}

function keyOf(app: Pick<DesiredApp, "project" | "domain" | "name">): string {
  return `${namespaceOf(app)}/${app.name}`;
}

function liveKey({ metadata }: { metadata: { namespace?: string; name?: string } }): string {
  return `${metadata.namespace}/${metadata.name}`;
}
