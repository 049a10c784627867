/** A region and a cluster for tests: tells apps, keeps every report, can be away; obeys as Knative would. */
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import {
  AppDirectoryService,
  type AppReport,
  type WatchAppsResponse,
  WatchAppsResponseSchema,
} from "../../../../gen/biplane/apps/v1/apps_pb.js";
import { SpecSchema, Status_DeploymentStatus } from "../../../../gen/flyteidl2/app/app_definition_pb.js";
import { InvalidTaskError } from "../../executor/invalid-task.ts";
import type { AppCluster } from "../cluster.ts";
import type { AppCaches, Changed } from "../informers.ts";
import type { KnativeService } from "../knative.ts";
import type { DesiredApp } from "../plan.ts";

export interface FakeRegion {
  transport: Transport;
  /** What it wants. A stream begins with all of it. */
  want(app: DesiredApp): void;
  drop(app: DesiredApp): void;
  /** Ends streams and refuses calls while it is true. */
  away: boolean;
  reports: AppReport[];
  /** Of one app: the names of its states, in the order of arrival. */
  told(name: string): string[];
  domains: string[];
}

export function fakeRegion(): FakeRegion {
  const wanted = new Map<string, DesiredApp>();
  const streams = new Set<(message: WatchAppsResponse | "end") => void>();
  let away = false;
  const here = () => {
    if (away) throw new ConnectError("the region cannot be reached", Code.Unavailable);
  };
  const keyOf = ({ project, domain, name, uid }: DesiredApp) => ({ project, domain, name, uid });
  const appMessage = (app: DesiredApp) => {
    const { org, revision, host, spec } = app;
    const value = { key: keyOf(app), org, revision, host, spec: toBinary(SpecSchema, spec) };
    return create(WatchAppsResponseSchema, { message: { case: "app", value } });
  };
  const sendAll = (message: WatchAppsResponse | "end") => {
    for (const send of streams) send(message);
  };
  const region: FakeRegion = {
    want(app) {
      wanted.set(app.uid, app);
      sendAll(appMessage(app));
    },
    drop(app) {
      wanted.delete(app.uid);
      sendAll(create(WatchAppsResponseSchema, { message: { case: "gone", value: keyOf(app) } }));
    },
    get away() {
      return away;
    },
    set away(value) {
      away = value;
      if (value) sendAll("end");
    },
    reports: [],
    told: (name) =>
      region.reports
        .filter(({ key }) => key?.name === name)
        .map(({ deploymentStatus }) => Status_DeploymentStatus[deploymentStatus] ?? ""),
    domains: [],
    transport: createRouterTransport((router) => {
      router.service(AppDirectoryService, {
        async *watchApps({ appsDomain }, { signal }) {
          here();
          region.domains.push(appsDomain);
          const waiting: (WatchAppsResponse | "end")[] = [...wanted.values()].map(appMessage);
          waiting.push(create(WatchAppsResponseSchema, { message: { case: "listed", value: {} } }));
          let wake = () => {};
          const send = (message: WatchAppsResponse | "end") => {
            waiting.push(message);
            wake();
          };
          streams.add(send);
          signal.addEventListener("abort", () => send("end"));
          try {
            for (;;) {
              const next = waiting.shift();
              if (next === "end") return;
              if (next) yield next;
              else await new Promise<void>((resolve) => (wake = resolve));
            }
          } finally {
            streams.delete(send);
          }
        },
        reportApps({ reports }) {
          here();
          region.reports.push(...reports);
          return {};
        },
      });
    }),
  };
  return region;
}

export interface FakeServing extends AppCluster {
  services: Map<string, KnativeService>;
  /** What was done to it, in order. */
  done: string[];
  /** Of an app, what Knative says of what was applied last. */
  ready(name: string, status: "True" | "False", reason?: string): void;
  refuse: string | undefined;
  watch(changed: Changed): Promise<AppCaches>;
}

export function fakeServing(): FakeServing {
  const services = new Map<string, KnativeService>();
  let tell: Changed = () => {};
  const serving: FakeServing = {
    services,
    done: [],
    refuse: undefined,
    async apply(service) {
      if (serving.refuse) throw new InvalidTaskError(serving.refuse);
      const { namespace = "", name = "" } = service.metadata;
      const key = `${namespace}/${name}`;
      serving.done.push(`apply ${key}`);
      const generation = (services.get(key)?.metadata.generation ?? 0) + 1;
      services.set(key, { ...service, metadata: { ...service.metadata, generation } });
      tell(namespace, name);
    },
    async remove(namespace, name) {
      serving.done.push(`remove ${namespace}/${name}`);
      services.delete(`${namespace}/${name}`);
      tell(namespace, name);
    },
    ready(name, status, reason) {
      const key = `demo-development/${name}`;
      const service = services.get(key);
      if (!service) throw new Error(`no Service ${key}`);
      const conditions = [{ type: "Ready", status, ...(reason ? { reason } : {}) }];
      const { generation = 0 } = service.metadata;
      services.set(key, { ...service, status: { observedGeneration: generation, conditions } });
      tell("demo-development", name);
    },
    async watch(changed) {
      tell = changed;
      return {
        services: { get: (key) => services.get(key), all: () => [...services.values()] },
        revisions: { get: () => undefined, all: () => [] },
      };
    },
  };
  return serving;
}
